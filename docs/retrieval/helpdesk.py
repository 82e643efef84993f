"""A help desk that answers from documents, recorded with run().

    python helpdesk.py ingest FOLDER      split documents into chunks, and index them
    python helpdesk.py train QUESTIONS    learn from questions that were asked which words tell little
    python helpdesk.py approve WHO        approve what was learned
    python helpdesk.py ask NUMBER WORDS   answer a question

It needs no language model: the sentence that fits best is put into a template. With one, the template would be its
prompt, and what is recorded would be the same.
"""

import json
import math
import re
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

from whence_collector import Chunk, answer, collection, document, model, prompt, run

TEMPLATE = "Our document on {document} says: {sentence}"
STORE = Path("helpdesk.json")
LIBRARY = collection("index://helpdesk", "library")
RANKER = model("models://helpdesk", "word-weights")
BEST = 2


def words(text: str) -> list[str]:
    """The words of a text, in lower case, without their endings."""
    return [re.sub(r"(ing|es|s|e)$", "", word) for word in re.findall(r"[a-z]+", text.lower())]


def ingest(folder: Path) -> None:
    """Each document is a run of its own, so that what rests on one does not rest on the others."""
    store = load()
    with run("ingest", namespace="helpdesk"):
        for path in sorted(folder.glob("*.md")):
            text = path.read_text()
            made = document(LIBRARY, path.stem, text=text)
            with run("ingest-document", namespace="helpdesk", parameters={"document": path.stem}) as one:
                one.read(("file", str(path.resolve())), version=sha256(text.encode()).hexdigest())
                chunks = [part for part in text.split("\n\n") if not part.startswith("#")]
                store["documents"][path.stem] = {"version": made.version, "chunks": chunks}
                one.write(made, rows=len(chunks))
        save(store)
        with run("build-index", namespace="helpdesk") as built:
            for name, stored in store["documents"].items():
                built.read(document(LIBRARY, name, stored["version"]))
            built.write(LIBRARY, version=digest(store["documents"]))


def train(questions: Path) -> None:
    """A word that stands in most questions tells little of what is asked."""
    text = questions.read_text()
    with run("train-word-weights", namespace="helpdesk", parameters={"smoothing": 0.5}) as trained:
        trained.read(("file", str(questions.resolve())), version=sha256(text.encode()).hexdigest())
        asked = [set(words(line)) for line in text.splitlines()]
        counts = Counter(word for line in asked for word in line)
        weights = {word: round(math.log((len(asked) + 0.5) / (count + 0.5)), 4) for word, count in counts.items()}
        save({**load(), "weights": weights})
        trained.write(RANKER, version=digest(weights))


def approve(who: str) -> None:
    """Somebody lets the weights be used."""
    with run("approve-word-weights", namespace="helpdesk") as decided:
        decided.approve(RANKER.at(digest(load()["weights"])), by=who)


def ask(number: str, question: str) -> None:
    """Retrieve the chunks that fit best (BM25), and answer with the sentence that does."""
    store = load()
    parameters = {"question": question, "best": BEST}
    with run("answer-question", namespace="helpdesk", parameters=parameters, hashed=["question"]) as answering:
        answering.read(prompt("prompts://helpdesk", "quote", text=TEMPLATE))
        answering.read(RANKER, version=digest(store["weights"]))
        found = best_chunks(store, words(question))
        for rank, (score, name, place) in enumerate(found, 1):
            text = store["documents"][name]["chunks"][place]
            chunk = Chunk(f"{name}#{place}", round(score, 3), rank, sha256(text.encode()).hexdigest())
            answering.retrieve(document(LIBRARY, name, store["documents"][name]["version"]), chunk)
        said = best_sentence(store, found, set(words(question)))
        answering.write(answer("answers://helpdesk", f"answer-{number}", text=said))
    print(said)


def best_chunks(store: dict, asked: list[str]) -> list[tuple[float, str, int]]:
    """Score, document and place of the best chunks: Okapi BM25, with the trained weights of the question's words."""
    chunks = {(n, p): words(t) for n, d in store["documents"].items() for p, t in enumerate(d["chunks"])}
    mean = sum(map(len, chunks.values())) / len(chunks)
    in_chunks = Counter(word for chunk in chunks.values() for word in set(chunk))
    found = []
    for (name, place), chunk in chunks.items():
        score = 0.0
        for word in set(asked) & set(chunk):
            rare = math.log(1 + (len(chunks) - in_chunks[word] + 0.5) / (in_chunks[word] + 0.5))
            often = chunk.count(word) * 2.2 / (chunk.count(word) + 1.2 * (0.25 + 0.75 * len(chunk) / mean))
            score += store["weights"].get(word, 3.0) * rare * often
        if score:
            found.append((score, name, place))
    return sorted(found, reverse=True)[:BEST]


def best_sentence(store: dict, found: list[tuple[float, str, int]], asked: set[str]) -> str:
    """The sentence of the chunks that has most of the question's words, in the template."""
    if not found:
        return "We have no document on that."
    sentences = [(n, s) for _, n, p in found for s in re.split(r"(?<=\.)\s", store["documents"][n]["chunks"][p])]
    weights = store["weights"]
    name, sentence = max(sentences, key=lambda one: sum(weights.get(word, 3.0) for word in asked & set(words(one[1]))))
    return TEMPLATE.format(document=name, sentence=" ".join(sentence.split()))


def digest(value: object) -> str:
    """A version by content."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def load() -> dict:
    """The index and the weights."""
    return json.loads(STORE.read_text()) if STORE.exists() else {"documents": {}, "weights": {}}


def save(store: dict) -> None:
    """Keep them."""
    STORE.write_text(json.dumps(store))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["ingest", folder]:
            ingest(Path(folder))
        case ["train", questions]:
            train(Path(questions))
        case ["approve", who]:
            approve(who)
        case ["ask", number, *question]:
            ask(number, " ".join(question))
        case _:
            sys.exit(__doc__)
