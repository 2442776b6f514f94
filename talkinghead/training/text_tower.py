"""Train the embedded text tower: `python -m talkinghead.training.text_tower --out RUN`.

The student starts from the teacher's weights (`talkinghead.training.teacher`) and learns two
things at once: the teacher's vectors (cosine and relational distillation, Park et al. 2019, eq. 5
with the inner product as relation) on general and on emotional text, and to draw labelled phrases
towards the bank's feelings (`talkinghead.training.feeling_anchors`). Token embeddings stay the
teacher's, so that a word that never occurs in training keeps its meaning.

Afterwards: `python -m talkinghead.training.feelings` solves the calibration.
"""

from __future__ import annotations

import argparse
import copy
import logging
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from renderer.coefficients import Floats
from renderer.precision import mixed_precision
from talkinghead.emotion.bank import Bank, load_bank
from talkinghead.emotion.phrase_book import PHRASES_PATH
from talkinghead.emotion.text_tower import (
    WEIGHTS_NAME,
    EmbeddedTower,
    make_tokenizer,
    packed,
    token_rows,
)
from talkinghead.training.emotional_language import (
    dictionary_words,
    general_texts,
    labelled_texts,
)
from talkinghead.training.feeling_anchors import Anchors, class_matrix
from talkinghead.training.loop import (
    Average,
    Deadline,
    JsonLog,
    load_checkpoint,
    load_module,
    load_optimizer,
    module_tensors,
    optimizer_tensors,
    save_checkpoint,
)
from talkinghead.training.teacher import TeacherVectors, student_from_teacher, unit_vectors
from talkinghead.training.text_batches import TextBatches
from talkinghead.training.text_schedule import Schedule
from talkinghead.training.vocabulary import choose_pieces
from talkinghead.training.withheld import withheld
from talkinghead.weights import Tensors, save_weights

COMMAND = "python -m talkinghead.training.text_tower --out RUN"
EMBEDDING = "token_embedding.weight"


class Training:
    """Student, anchors, optimiser and texts.

    Args:
        out: folder of the run.
        wordnet: folder of the dictionary.
        schedule: what and how long.
        seed: of all randomness.
        phrases: labelled phrases.
    """

    def __init__(
        self,
        out: Path,
        wordnet: Path,
        schedule: Schedule,
        seed: int,
        phrases: Path = PHRASES_PATH,
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        self.out, self.schedule, self.step, self.seed = out, schedule, 0, seed
        banned, self.bank = withheld(), load_bank()
        self.teacher = TeacherVectors(out / "teacher.npz")
        general = general_texts(wordnet, banned)
        draw = np.random.default_rng(seed)
        few = draw.permutation(len(general))[: schedule.general_texts]
        self.general = [general[index] for index in sorted(few)]
        labelled = labelled_texts(self.bank, banned, phrases)
        self.words = choose_pieces(self.teacher.tower, dictionary_words(wordnet), labelled.texts)
        self.tokenizer = make_tokenizer(self.words)
        self.validation = labelled.part(labelled.validation)
        self.labelled = labelled.part(~labelled.validation)
        self.network = student_from_teacher(self.teacher.tower, self.words, self.general)
        self.network.token_embedding.requires_grad_(requires_grad=False)
        self.groups = class_matrix(self.bank)
        self.anchors = Anchors(
            _feeling_means(self.teacher, self.bank),
            self.bank,
            (self.labelled.targets @ self.groups).sum(axis=0),
            schedule.scale,
            schedule.smoothing,
        )
        every = [*self.network.parameters(), *self.anchors.parameters()]
        self.learned = [one for one in every if one.requires_grad]
        self.optimizer = torch.optim.AdamW(self.learned, weight_decay=0.01, foreach=True)
        self.average = Average(copy.deepcopy(self.network), schedule.memory)
        self.log = JsonLog(out / "log.jsonl")

    def resume(self) -> None:
        """Go on from the last checkpoint of the run."""
        tensors, state = load_checkpoint(self.out / "checkpoint")
        for prefix, module in self._modules():
            load_module(prefix, module, {**_kept(prefix, module), **tensors})
        load_optimizer("optimizer", self.optimizer, tensors)
        self.step = int(state["step"])

    def save(self) -> None:
        """Write the checkpoint; the embedding is the teacher's and stays out."""
        tensors = dict(optimizer_tensors("optimizer", self.optimizer))
        for prefix, module in self._modules():
            tensors.update(module_tensors(prefix, module))
            tensors.pop(f"{prefix}.{EMBEDDING}", None)
        save_checkpoint(self.out / "checkpoint", tensors, {"step": self.step})
        self.teacher.save()

    def _modules(self) -> list[tuple[str, nn.Module]]:
        average = self.average.module
        return [("network", self.network), ("average", average), ("anchors", self.anchors)]

    def run(self, deadline: Deadline, steps: int) -> None:
        """Train until the time is over or `steps` are done; save at the end."""
        generator = np.random.default_rng([self.seed, self.step])
        general = self._batches(self.general, generator)
        labelled = self._batches(self.labelled.texts, generator)
        cycle = self.schedule.labelled_turns + 1
        begun = time.monotonic()
        sums: dict[str, list[float]] = {}
        while not deadline.passed and self.step < steps:
            for group in self.optimizer.param_groups:
                group["lr"] = self.schedule.rate_at(self.step, steps)
            turn = self.step >= self.schedule.general_steps and self.step % cycle > 0
            losses = self._labelled_step(labelled) if turn else self._general_step(general)
            for name, value in losses.items():
                sums.setdefault(name, []).append(value)
            self.step += 1
            self.average.update(self.network, self.step)
            if self.step % self.schedule.save_every == 0:
                self.save()
                means = {name: float(np.mean(values)) for name, values in sums.items()}
                seconds = time.monotonic() - begun
                self.log.write({"step": self.step, "seconds": seconds, **means, **self.measure()})
                sums = {}
        self.save()

    def _batches(self, texts: Sequence[str], generator: np.random.Generator) -> TextBatches:
        return TextBatches(token_rows(self.tokenizer, texts), self.schedule.batch, generator)

    def _general_step(self, batches: TextBatches) -> dict[str, float]:
        rows, tokens = batches.draw()
        target = torch.from_numpy(self.teacher([self.general[row] for row in rows]))
        vectors = self._vectors(tokens)
        likeness, relation = self._distillation(vectors, target)
        self._update(likeness + self.schedule.relation * relation)
        return {"cosine": 1.0 - float(likeness.detach()), "relation": float(relation.detach())}

    def _labelled_step(self, batches: TextBatches) -> dict[str, float]:
        rows, tokens = batches.draw(self.schedule.left_out)
        target = torch.from_numpy(self.teacher([self.labelled.texts[row] for row in rows]))
        wanted = torch.from_numpy(self.labelled.targets[rows])
        vectors = self._vectors(tokens)
        likeness, relation = self._distillation(vectors, target)
        contrast = self.anchors.contrast(vectors, wanted)
        distilled = likeness + self.schedule.relation * relation
        self._update(distilled + self.schedule.supervision * contrast)
        cosine = 1.0 - float(likeness.detach())
        return {"labelled_cosine": cosine, "contrast": float(contrast.detach())}

    def _vectors(self, tokens: Tensor) -> Tensor:
        with mixed_precision("cpu"):
            vectors = unit_vectors(self.network, tokens)
        return vectors.float()

    def _distillation(self, vectors: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        likeness = 1.0 - (vectors * target).sum(dim=-1).mean()
        relation = (vectors @ vectors.T - target @ target.T).pow(2).mean()
        return likeness, relation

    def _update(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.learned, 1.0)
        self.optimizer.step()

    def measure(self) -> dict[str, float]:
        """The averaged student on the validation phrases: likeness to the teacher, accuracy."""
        texts = self.validation.texts
        if not texts:
            return {}
        vectors, target = self.vectors(texts), self.teacher(texts)
        with torch.no_grad():
            scores = self.anchors(torch.from_numpy(vectors)).softmax(dim=1).numpy() @ self.groups
        about = self.validation.targets.any(axis=1)
        wanted = (self.validation.targets @ self.groups).argmax(axis=1)
        right = (scores.argmax(axis=1) == wanted)[about]
        return {
            "validation_cosine": float((vectors * target).sum(axis=1).mean()),
            "validation_accuracy": float(right.mean()),
        }

    def vectors(self, texts: Sequence[str]) -> Floats:
        """(N, 384) of the averaged student as it would be shipped, rounded weights included."""
        return EmbeddedTower(self._packed()).encode(texts)

    def export(self) -> None:
        """Write `weights/text_tower.safetensors`."""
        entry = save_weights(self._packed(), WEIGHTS_NAME, COMMAND, "Apache-2.0")
        logging.info("wrote %s, %.2f MB", entry.file, entry.size / 1e6)

    def _packed(self) -> Tensors:
        state = self.average.module.state_dict()
        return packed({name: value.numpy() for name, value in state.items()}, self.words)


def _kept(prefix: str, module: nn.Module) -> dict[str, Tensor]:
    rows = module.state_dict().get(EMBEDDING)
    return {} if rows is None else {f"{prefix}.{EMBEDDING}": rows}


def _feeling_means(teacher: TeacherVectors, bank: Bank) -> Floats:
    """(F, 384) mean direction of each feeling's own words."""
    means = np.stack(
        [teacher((one.name, *one.synonyms, *one.prompts)).mean(axis=0) for one in bank.feelings]
    )
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, or go on training, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    option = parser.add_argument
    option("--out", type=Path, required=True, help="folder of the run")
    option("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    option("--minutes", type=float, default=60.0)
    option("--steps", type=int, default=18000)
    option("--seed", type=int, default=0)
    option("--resume", action="store_true")
    option("--no-export", action="store_true", help="do not touch weights/")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    training = Training(options.out, options.wordnet, Schedule(), options.seed)
    if options.resume:
        training.resume()
    deadline = Deadline(options.minutes)
    deadline.listen()
    training.run(deadline, options.steps)
    if not options.no_export:
        training.export()


if __name__ == "__main__":
    main()
