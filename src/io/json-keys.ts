/**
 * The first key that occurs twice in one object of a JSON text, or undefined.
 * `JSON.parse` keeps the last of two equal keys without a word, which lets a file mean
 * different things to different readers.
 *
 * @param text JSON that `JSON.parse` accepts
 */
export function findDuplicateKey(text: string): string | undefined {
  const openScopes: (Set<string> | null)[] = [];
  let position = 0;
  while (position < text.length) {
    const character = text[position];
    if (character === "{") openScopes.push(new Set());
    else if (character === "[") openScopes.push(null);
    else if (character === "}" || character === "]") openScopes.pop();
    else if (character === '"') {
      const end = endOfString(text, position);
      const keys = openScopes.at(-1);
      if (keys && isFollowedByColon(text, end)) {
        const key = JSON.parse(text.slice(position, end)) as string;
        if (keys.has(key)) return key;
        keys.add(key);
      }
      position = end;
      continue;
    }
    position++;
  }
  return undefined;
}

/** The position after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let position = start + 1;
  while (position < text.length && text[position] !== '"') position += text[position] === "\\" ? 2 : 1;
  return position + 1;
}

function isFollowedByColon(text: string, position: number): boolean {
  while (" \t\r\n".includes(text.charAt(position)) && position < text.length) position++;
  return text[position] === ":";
}
