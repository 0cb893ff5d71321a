"""JupyterLab as `make lab` starts it."""

c = get_config()  # noqa: F821 (a name that Jupyter gives)


def leave_python_out(model, **_):
    """Saving changes no line of a notebook because another Python ran it."""
    if model["type"] == "notebook":
        model["content"]["metadata"].get("language_info", {}).pop("version", None)


c.FileContentsManager.pre_save_hook = leave_python_out
