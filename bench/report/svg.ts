/** Text in an SVG picture. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

/** An SVG picture with a title, light or dark as the reader's screen is. */
export function picture(
  title: string,
  { width, height, style, content }: { width: number; height: number; style: string; content: string },
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(title)}">
  <title>${escape(title)}</title>
  <style>${style}
  </style>
  <text class="title" x="0" y="20">${escape(title)}</text>
  ${content}
</svg>
`;
}
