"""The checkpoint files in data/, and the manifest that says what each of them is."""

import hashlib
import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

DATA = Path(__file__).resolve().parent.parent / "data"
MANIFEST = "manifest.json"


def load_weights(model, name, folder=DATA):
    """Load `name`.safetensors into `model`, after checking that it is the right file.

    Raises FileNotFoundError for a missing file or entry in the manifest, ValueError for
    a file that is damaged or made for another model.
    """
    file = Path(folder) / f"{name}.safetensors"
    entry = read_manifest(folder).get(name)
    if entry is None or not file.exists():
        raise FileNotFoundError(
            f"{file} or its entry in {MANIFEST} is missing: run 'make train'"
        )
    if digest(file) != entry["sha256"]:
        raise ValueError(
            f"{file} is damaged, or is not the file that {MANIFEST} describes: restore "
            "both with git, or run 'make train'"
        )
    try:
        model.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(
            f"{file} does not fit this version of the model, run 'make train': {error}"
        ) from error


def save_weights(model, name, folder=DATA, **facts):
    """Write `name`.safetensors and its entry in the manifest; facts go into the entry.

    Makes the folder where there is none.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.safetensors"
    save_file({k: v.cpu().contiguous() for k, v in model.state_dict().items()}, file)
    manifest = read_manifest(folder)
    manifest[name] = {"file": file.name, "sha256": digest(file), **facts}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def read_manifest(folder=DATA):
    """The manifest of a folder as a dict, one entry a checkpoint; {} if it has none."""
    file = Path(folder) / MANIFEST
    return json.loads(file.read_text()) if file.exists() else {}


def digest(file):
    """The sha256 of a file, in hex."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
