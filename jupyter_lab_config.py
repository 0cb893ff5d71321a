"""JupyterLab as `make lab` starts it."""

c = get_config()  # noqa: F821 (a name that Jupyter gives)

# An upload is one message. Beyond the limit, 10 MB unless told, the connection to the
# kernel breaks without a word. This is as much as a Jupyter server takes at all; what
# is too large for the explorer, the explorer says.
c.ServerApp.tornado_settings = {"websocket_max_message_size": 512 * 1024 * 1024}


def leave_python_out(model, **_):
    """Saving changes no line of a notebook because another Python ran it."""
    if model["type"] == "notebook":
        model["content"]["metadata"].get("language_info", {}).pop("version", None)


c.FileContentsManager.pre_save_hook = leave_python_out
