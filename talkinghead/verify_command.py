"""`verify FILE`: whether a video carries the marks of this program."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from talkinghead import __version__, terminal


def verify(chosen: argparse.Namespace) -> None:
    """Say what was found; that nothing was found is an answer, too."""
    from talkinghead.video.verify import read_provenance

    found = read_provenance(chosen.file)
    mark = found.mark
    if chosen.json:
        terminal.print_json({
            "file": str(chosen.file),
            "made_by_evoke": found.made_by_evoke,
            "mark": {
                "found": mark.found, "score": round(mark.score, 2),
                "chance": float(f"{mark.chance:.3g}"),
                "magnification": round(mark.magnification, 3), "frames": mark.frames,
            },
            "note": found.note,
            "c2pa": asdict(found.credentials) if found.credentials else None,
            "c2pa_readable": found.credentials_readable,
            "version": __version__,
        })  # fmt: skip
        return
    verdict = (
        "made by Evoke" if found.made_by_evoke else "no sign of Evoke found (this proves nothing)"
    )
    state = "found" if mark.found else "not found"
    lines = [
        f"{chosen.file}: {verdict}",
        f"  invisible mark: {state}, score {mark.score:.1f}, by chance at most {mark.chance:.1g}",
        f"  note: {found.note or 'none'}",
    ]
    if found.credentials is not None:
        one = found.credentials
        by = f", signed by {one.signed_by}" if one.signed_by else ""
        lines.append(f"  C2PA: {one.made_by or 'unknown program'}{by}: {one.state}")
    else:
        readable = found.credentials_readable
        lines.append(f"  C2PA: {'none' if readable else 'not read, c2pa-python is not installed'}")
    terminal.out("\n".join(lines))
