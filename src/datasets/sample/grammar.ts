/**
 * The words and sentences of the sample corpus. Alternatives are parted by `|`; one that starts with `*` is kept
 * for the test part. `{name}` is one alternative of that list; `{+a}`, `{+n}`, `{+v}` are an adjective, a noun, a
 * verb of praise in a sentence that praises, of blame in one that blames; `{-a}` and so on are the opposite.
 */
export const praise: Record<string, string> = {
  a:
    "good|great|wonderful|brilliant|funny|moving|clever|beautiful|gripping|charming|" +
    "delightful|*exquisite|*riveting|*splendid",
  n: "triumph|joy|gem|treat|masterpiece|delight|pleasure|*marvel|*revelation",
  v: "loved|enjoyed|adored|admired|praised|*treasured|*relished",
};

export const blame: Record<string, string> = {
  a: "bad|awful|terrible|boring|dull|clumsy|silly|tired|dreadful|lifeless|weak|" + "*dismal|*ghastly|*wooden",
  n: "mess|bore|disaster|failure|waste|chore|nuisance|*shambles|*fiasco",
  v: "hated|disliked|despised|regretted|resented|*loathed|*deplored",
};

export const lists: Record<string, string> = {
  who:
    "my sister|my neighbour|a friend|our local critic|a man in the queue|my dentist|half the audience|my uncle|" +
    "the girl beside me|my teacher|*my landlady|*the usher|*a colleague",
  other:
    "The Glass Orchard|Nine Bridges|Harbour Lights|The Second Tuesday|Paper Tigers|North of Everything|" +
    "A Quiet Engine|*The Salt Road|*Winter Ferry|*Eleven Doors",
  person:
    "retired detective|young baker|country doctor|pair of twins|piano teacher|lighthouse keeper|night porter|" +
    "widowed farmer|student|taxi driver|*clock maker|*beekeeper|*stowaway",
  does:
    "comes home after twenty years|finds a letter in an old coat|inherits a house by the sea|misses the last train|" +
    "looks for a lost brother|moves into the flat upstairs|takes a job on a river boat|agrees to hide a suitcase|" +
    "*wakes up in the wrong town|*buys a haunted piano|*wins a race by mistake",
  place:
    "Lisbon|a small town in Ohio|the Scottish islands|Prague|a studio near Rome|the desert|an empty hotel|" +
    "*Trieste|*a shipyard",
  when:
    "on a rainy Tuesday|last weekend|at the late show|during a storm|on the plane|with my family|" +
    "*on New Year's Eve|*after a long shift",
  part: "the first hour|the opening|the music|the trailer|the title|the photography|the first act|*the prologue|*the poster",
  role: "the lead|the villain|the mother|the narrator|the detective|*the grandfather|*the rival",
};

/** What others say, other films, the plot: polar words that mean nothing for the label. */
export const distractors =
  "{who} told me that it was {+a}|{who} {+v} it|{who} called it a {+n}|" +
  "the director's last film was {+a}|I had just seen {other}, which was {+a}|" +
  "{who} thought that {other} was {+a}|in the story a {+a} {person} {does}|" +
  "{other}, by the same people, was not {-a}|{who} did not find it {-a}|" +
  "the book, they say, is a {+n}|the trailer looked {+a}|{role} has a {+a} day and {does}|" +
  "there is a {+a} dog in it, and a {+a} horse|{role} calls the town a {+n}|" +
  "{who} had seen it five times and called it {+a}|{who} would rather watch paint dry than {other}|" +
  "*before it they showed {other}, a {+n}|*I read somewhere that it was {+a}|" +
  "*{who} {+v} the novel|*{role} tells a {+a} joke about a {+n}";

export const neutral =
  "the story follows a {person} who {does}|it was shot in {place}|we saw it {when}|it runs for two hours|" +
  "a {person} {does}, and then a {person} {does}|most of it takes place in {place}|" +
  "it is the second film of this director|{role} {does} in {place}|" +
  "the cast is small and nobody in it is well known|there were perhaps ten people in the room|" +
  "*nearly all of it happens at night|*a {person} from {place} turns up and {does}|*I watched it twice, once {when}";

export const closings =
  "I saw it {when}|it runs until Friday|the credits mention {place}|that is all I have to say|we then went home|" +
  "*it is on again tomorrow|*I wrote this {when}";

/** Verdicts on the film, by form; the sign is that of the label. */
export const verdicts = {
  plain:
    "in the end it is {+a} and {+a}|I {+v} every minute of it|it is {+a} from start to finish|for me it is a {+n}|" +
    "all in all it is a {+a} film|I {+v} it|by the last scene I knew that it was {+a}|I think it is a {+a} {+n}|" +
    "*when the lights came up I knew that it was {+a}|*make no mistake, it is {+a}|*to me it was simply a {+n}",
  negated:
    "it is not {-a} at all|it is not a {-n}|I never found it {-a}|nobody can say that it is {-a}|" +
    "it is neither {-a} nor {-a}|it was never {-a} for me|I cannot call it a {-n}|" +
    "*it is not what I call {-a}|*I did not think it {-a}|*there is nothing {-a} in it",
  contrast:
    "{part} is {-a}, but the rest is {+a}|it may begin like a {-n}, but it is {+a}|" +
    "everyone told me it was {-a}; it is not|they said that it was {-a}, and it is not|" +
    "they said that it was {+a}, and it is|{who} {-v} it, but I {+v} it|" +
    "although {part} is {-a}, the film is {+a}|everyone told me it was {+a}, and it is|" +
    "*for all the talk of a {-n}, it is {+a}|*{part} looked {-a}, yet the film is {+a}",
};

/** Praise that blames and blame that praises: the sign of the words is the opposite of the label's. */
export const irony = {
  praise:
    "so {-a} that I have seen it five times|the only {-a} thing is that it ends|" +
    "a {-a} shame that it ends so soon|*such a {-n} that I bought it for all my friends",
  blame:
    "just {-a}, if you like to watch paint dry|a {-a} way to lose two hours|a {-n}, if you need some sleep|" +
    "*so {-a} that I left before the end",
};
