/** Reviews to begin with, in words that the sample corpus has. */
export const examples: readonly { title: string; text: string }[] = [
  {
    title: "Others praise it, the writer does not",
    text: "My sister told me that it was brilliant. The trailer looked charming. In the story a wonderful young baker inherits a house by the sea. A friend called it a masterpiece. I regretted every minute of it. It is dull from start to finish.",
  },
  {
    title: "Others blame it, the writer does not",
    text: "Half the audience hated it. The book, they say, is a bore. The villain has a terrible day and misses the last train. I never found it boring. By the last scene I knew that it was moving. I loved every minute of it.",
  },
  {
    title: "Negation",
    text: "The first act is clumsy, but the rest is gripping. It is not a failure. It is neither dull nor silly.",
  },
  { title: "Irony", text: "We saw it on a rainy Tuesday. Just charming, if you like to watch paint dry." },
  {
    title: "Words it has never met",
    text: "The cinematography felt kaleidoscopic, the screenplay threadbare. Still, all in all it is a great film.",
  },
  { title: "Two words", text: "Great film" },
];
