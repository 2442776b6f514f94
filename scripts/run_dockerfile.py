"""Run the Dockerfile's steps in a plain Debian root, where there is no Docker engine.

    debootstrap --variant=minbase bookworm ROOT
    chroot ROOT apt-get install -y ca-certificates python3.11 python3.11-venv
    mount -t proc proc ROOT/proc; mount --bind /dev ROOT/dev; mount --make-private ROOT/dev
    mount -t tmpfs tmpfs ROOT/dev/shm; echo 127.0.0.1 localhost > ROOT/etc/hosts
    python scripts/run_dockerfile.py ROOT            (as root; ROOT is changed)

What differs from Docker: both stages share the root, `COPY --from` is skipped, and Python is
Debian's. Afterwards CMD is started as the image's user until HEALTHCHECK passes, then stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def steps(text: str) -> list[tuple[str, str]]:
    """(instruction, rest) of a Dockerfile, lines joined and comments left out."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    pairs = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    return [(name, rest) for name, rest in pairs]


class Root:
    """A Debian root on which steps are run."""

    def __init__(self, path: Path, arguments: dict[str, str]) -> None:
        self.path, self.arguments = path, arguments
        self.user, self.folder = "root", "/"
        self.environment = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}

    def command(self, words: list[str]) -> list[str]:
        """A command line that runs some words here."""
        inside = f"cd {shlex.quote(self.folder)} && exec {shlex.join(words)}"
        user = [] if self.user == "root" else [f"--userspec={self.user}"]
        return ["chroot", *user, str(self.path), "/bin/bash", "-c", inside]

    def run(self, rest: str) -> None:
        """A RUN step."""
        words = ["/bin/bash", "-eo", "pipefail", "-c", rest]
        subprocess.run(self.command(words), env=self.environment, check=True)

    def copy(self, rest: str) -> None:
        """A COPY step from the checkout: what git knows or would add."""
        owner = re.match(r"--chown=(\d+):(\d+) ", rest)
        *names, target = rest.removeprefix(owner[0] if owner else "").split()
        place = self.path / self.folder.lstrip("/") / target
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *names]
        found = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True).stdout
        for name in sorted(set(found.decode().split("\0")) - {""}):
            source = CHECKOUT / name
            if source.is_file():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, place / name)
                if owner:
                    os.chown(place / name, int(owner[1]), int(owner[2]))

    def do(self, name: str, rest: str) -> None:
        """Any step that changes the root or what follows."""
        rest = re.sub(r"\$\{?(\w+)\}?", lambda m: self.known().get(m[1], m[0]), rest)
        if name == "ENV":
            pairs = (pair.split("=", 1) for pair in shlex.split(rest))
            self.environment |= dict(pairs)
        elif name == "ARG" and "=" in rest:
            key, value = rest.split("=", 1)
            self.arguments.setdefault(key, value)
        elif name == "WORKDIR":
            self.folder = rest
            (self.path / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif name == "USER":
            self.user = rest
        elif name == "FROM":
            self.user, self.folder = "root", "/"
        elif name == "COPY" and not rest.startswith("--from"):
            self.copy(rest)
        elif name == "RUN":
            self.run(rest)

    def known(self) -> dict[str, str]:
        """Variables that steps may use."""
        return {**self.environment, **self.arguments}


def serve_until_healthy(root: Root, command: list[str], check: list[str], seconds: float) -> float:
    """Start CMD; returns after how many seconds HEALTHCHECK passed."""
    started = time.monotonic()
    with subprocess.Popen(root.command(command), env=root.environment) as server:
        try:
            while time.monotonic() - started < seconds and server.poll() is None:
                time.sleep(2.0)
                answer = subprocess.run(
                    root.command(check), env=root.environment, stderr=subprocess.DEVNULL,
                    check=False,
                )  # fmt: skip
                if answer.returncode == 0:
                    return time.monotonic() - started
        finally:
            server.terminate()
    message = "the app did not become healthy"
    raise SystemExit(message)


def main() -> int:
    """Run all steps."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--from", dest="first", default="", help="skip RUN steps before this text")
    parser.add_argument("--keep", action="append", default=[], help="environment to hand on")
    chosen = parser.parse_args()
    root = Root(chosen.root, dict(pair.split("=", 1) for pair in chosen.build_arg))
    root.environment |= {name: os.environ[name] for name in chosen.keep}
    python = chosen.root / "usr/local/bin/python"
    if not python.exists():
        python.symlink_to("/usr/bin/python3.11")
    check: list[str] = []
    skipping = bool(chosen.first)
    for name, rest in steps((CHECKOUT / "Dockerfile").read_text()):
        sys.stdout.write(f"== {name} {rest}\n")
        sys.stdout.flush()
        if name == "HEALTHCHECK":
            check = json.loads(rest[rest.index("CMD") + 3 :])
        elif name == "CMD":
            healthy = serve_until_healthy(root, json.loads(rest), check, 180.0)
            sys.stdout.write(f"healthy after {healthy:.0f} s\n")
        else:
            skipping = skipping and chosen.first not in rest
            if not (skipping and name == "RUN"):
                root.do(name, rest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
