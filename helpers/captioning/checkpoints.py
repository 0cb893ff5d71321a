"""The checkpoint files in data/, and the manifest that says what each of them is.

Nothing here needs torch until weights are read or written: the set-up check looks at
the files where torch may be missing.
"""

import hashlib
import json
from pathlib import Path

from helpers import ROOT

DATA = ROOT / "data"
MANIFEST = "manifest.json"
VARIANTS = ("additive", "dot-product", "transformer")  # what data/ holds, and:
RENDERED = ("rendered", "rendered-vit-gpt2/model")  # for scenes with light and shadow
REMEDY = "get it back with 'git checkout -- data', or train it again, as README.md says"


def load_weights(model, name, folder=DATA):
    """Load `name`.safetensors into `model`.

    Raises what `find_weights` raises, and ValueError for a file of another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    file = find_weights(name, folder)
    try:
        model.load_state_dict(load_file(file))
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(
            f"{file} does not fit this version of the model: {REMEDY}. {error}"
        ) from error


def find_weights(name, folder=DATA):
    """The path of `name`.safetensors, after comparing the file with the manifest.

    Raises FileNotFoundError for a missing file or entry in the manifest, ValueError
    where the file or the manifest is damaged.
    """
    file = Path(folder) / f"{name}.safetensors"
    entry = read_manifest(folder).get(name)
    if entry is None or not file.exists():
        missing = f"its entry in {MANIFEST}" if entry is None else "the file itself"
        raise FileNotFoundError(f"{file}: {missing} is missing: {REMEDY}")
    if not isinstance(entry, dict) or digest(file) != entry.get("sha256"):
        raise ValueError(
            f"{file} is damaged, or is not the file that {MANIFEST} describes: {REMEDY}"
        )
    return file


def save_weights(model, name, folder=DATA):
    """Write `name`.safetensors; `note` enters it in the manifest."""
    from safetensors.torch import save_file

    state = {k: v.cpu().contiguous() for k, v in model.state_dict().items()}
    save_file(state, Path(folder) / f"{name}.safetensors")


def note(name, folder=DATA, **facts):
    """Write the entry of `name`.safetensors in the manifest; facts go into it.

    A damaged manifest makes way for a new one.
    """
    file = Path(folder) / f"{name}.safetensors"
    try:
        manifest = read_manifest(folder)
    except ValueError:
        manifest = {}
    manifest[name] = {"file": f"{name}.safetensors", "sha256": digest(file), **facts}
    (Path(folder) / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")


def read_manifest(folder=DATA):
    """The manifest of a folder as a dict, one entry a checkpoint; {} if it has none.

    Raises ValueError where the file is damaged.
    """
    file = Path(folder) / MANIFEST
    if not file.exists():
        return {}
    try:
        manifest = json.loads(file.read_text())
        if not isinstance(manifest, dict):
            raise ValueError(f"it holds a {type(manifest).__name__}, not a dict")
    except ValueError as error:
        raise ValueError(f"{file} is damaged ({error}): {REMEDY}") from error
    return manifest


def digest(file):
    """The sha256 of a file, in hex."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()
