"""Content credentials (C2PA 2): a signed statement inside the file of what made it.

Off unless the environment names a certificate, since a signature needs somebody who signs:

    EVOKE_C2PA_CERTIFICATE  PEM file: the signer's certificate, then those that vouch for it
    EVOKE_C2PA_KEY          PEM file: the private key
    EVOKE_C2PA_ALGORITHM    es256 (default), es384, es512, ps256, ps384, ps512 or ed25519

Needs the optional package c2pa-python, which signs and reads without a network.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkinghead import __version__
from talkinghead.errors import BackendMissing, BadOption

CERTIFICATE, KEY, ALGORITHM = (
    "EVOKE_C2PA_CERTIFICATE", "EVOKE_C2PA_KEY", "EVOKE_C2PA_ALGORITHM",
)  # fmt: skip
ALGORITHMS = ("es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519")
SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


@dataclass(frozen=True)
class Credentials:
    """A manifest that was found in a file.

    Attributes:
        made_by: the program that the manifest names.
        signed_by: the certificate's owner; "" if it is not stated.
        state: "Trusted", "Valid" (whole, but by nobody on a list of trust) or "Invalid".
        synthetic: whether it says that an algorithm made the content.
    """

    made_by: str
    signed_by: str
    state: str
    synthetic: bool


def check_credentials() -> None:
    """Refuse a wrong configuration before any work is done.

    Raises:
        BadOption: if only one of certificate and key is named, a file is missing, or the algorithm
            is unknown.
        BackendMissing: if c2pa-python is not installed.
    """
    _configured()


def sign(video: Path) -> bool:
    """Sign a finished MP4 in place, if the environment says with what.

    Args:
        video: the file; it is replaced.

    Returns:
        Whether it was signed.

    Raises:
        BadOption: see `check_credentials`, and if certificate and key do not go together.
        BackendMissing: if c2pa-python is not installed.
    """
    configured = _configured()
    if configured is None:
        return False
    certificate, key, algorithm = configured
    import c2pa

    signed = video.with_name(f"{video.name}.signed")
    try:
        information = c2pa.C2paSignerInfo(algorithm, certificate.encode(), key.encode(), None)
        builder = c2pa.Builder(_manifest(), _offline_context(c2pa))
        with video.open("rb") as source, signed.open("w+b") as target:
            builder.sign(c2pa.Signer.from_info(information), "video/mp4", source, target)
        os.replace(signed, video)
    except c2pa.C2paError as error:
        message = (
            f"the video cannot be signed with {os.environ[CERTIFICATE]}: {error}; give a "
            "certificate for signing content (C2PA), with its chain, and its key"
        )
        raise BadOption(message) from error
    finally:
        signed.unlink(missing_ok=True)
    return True


def read_credentials(path: Path) -> Credentials | None:
    """The manifest of a video; None if it has none.

    Raises:
        BackendMissing: if c2pa-python is not installed.
    """
    c2pa = _library()
    try:
        with path.open("rb") as stream:
            reader = c2pa.Reader("video/mp4", stream, None, _offline_context(c2pa))
            content = json.loads(reader.json())
    except c2pa.C2paError:  # no manifest, or a format that carries none
        return None
    manifest = content["manifests"][content["active_manifest"]]
    made_by = manifest.get("claim_generator_info", [{}])[0]
    return Credentials(
        made_by=f"{made_by.get('name', '')} {made_by.get('version', '')}".strip(),
        signed_by=str(manifest.get("signature_info", {}).get("issuer", "")),
        state=str(content.get("validation_state", "Invalid")),
        synthetic="lgorithmicMedia" in json.dumps(manifest.get("assertions", [])),
    )


def _configured() -> tuple[str, str, str] | None:
    """Certificate, key and algorithm; None if signing is off."""
    given = {name: os.environ.get(name, "") for name in (CERTIFICATE, KEY)}
    if not any(given.values()):
        return None
    texts = []
    for name, path in given.items():
        if not path or not Path(path).is_file():
            state = f"{path} is no file" if path else "is not set"
            message = f"to sign videos, {CERTIFICATE} and {KEY} name PEM files, but {name} {state}"
            raise BadOption(message)
        texts.append(Path(path).read_text(encoding="ascii", errors="replace"))
    algorithm = os.environ.get(ALGORITHM, "es256").lower()
    if algorithm not in ALGORITHMS:
        message = f"{ALGORITHM} is {algorithm!r}, expected one of {', '.join(ALGORITHMS)}"
        raise BadOption(message)
    _library()
    return texts[0], texts[1], algorithm


def _library() -> Any:  # noqa: ANN401 (an optional package without types)
    try:
        import c2pa
    except ImportError as error:
        message = "content credentials need c2pa-python; pip install -r requirements-optional.txt"
        raise BackendMissing(message) from error
    return c2pa


def _offline_context(c2pa: Any) -> Any:  # noqa: ANN401 (as above)
    return c2pa.Context(c2pa.Settings.from_dict(_OFFLINE))


def _manifest() -> str:
    action = {"action": "c2pa.created", "digitalSourceType": SYNTHETIC}
    return json.dumps({
        "claim_generator_info": [{"name": "Evoke", "version": __version__}],
        "title": "Synthetic video made by Evoke",
        "format": "video/mp4",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    })  # fmt: skip
