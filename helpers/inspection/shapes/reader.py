"""A read_tokens for a model at hand: it is called with what is known of its run."""

from inspect import signature

import torch
from torch.nn.functional import interpolate

from helpers.inspection.shapes.families import say

IMAGES = ("pixel_values", "images", "image", "pixels", "imgs", "pixel_values_videos")
VIDEO = ("pixel_values_videos", "videos", "video", *IMAGES[:-1])
LONGEST = 160  # characters of an error that are shown


class Found(Exception):
    """Ends a run of the model as soon as its tokens are there."""


class Reader:
    """Called with images (B, 3, H, W), or with the t steps of a video one below the
    other, (B, 3, t * H, W): the tokens (B, N, D) of a layer, see `choose`.

    facts: Facts of the run, image_size among them. input_ids: a prompt, (1, n), or
    None. several: a prompt may have several images, (B, 1, 3, H, W) (Idefics). called:
    {input: its shape} of the last call. Raises ValueError with what the model raised.
    """

    def __init__(self, model, N, facts, input_ids=None, several=False):
        self.model, self.N, self.input_ids, self.layer = model, N, input_ids, None
        self.size, self.image_token = facts.image_size, facts.image_token
        self.takes, self.called = signature(model.forward).parameters, {}
        self.grid = next(iter(facts.given_grids()), None)  # (t, h, w)
        self.several = several
        self.sizes = sizes_of_patches(model)
        self.packs = any("grid_thw" in n for n in self.takes) and bool(self.sizes)
        self.frames = self.grid[0] if self.grid and self.packs else facts.frames or 1
        self.video = self.frames > 1 or bool(facts.frames)

    def __call__(self, images):
        return self.run(images, lambda layer, _: layer is self.layer)[1]

    def choose(self):
        """Choose the first layer that tells two images apart; False if none does."""
        seed = torch.Generator().manual_seed(0)
        noise = torch.rand(3, *self.size, generator=seed).repeat(1, self.frames, 1)
        # Not zeros: some models (Idefics) take them for padding.
        pair = torch.stack([noise, 1 - noise])  # (2, 3, t * H, W)

        def differs(_, tokens):
            return not torch.equal(tokens[0], tokens[1])  # the words of a prompt do not

        self.layer, _ = self.run(pair, differs)
        return self.layer is not None

    @torch.no_grad()
    def run(self, images, wanted):
        """(layer, tokens) of the first layer with N tokens an image that is wanted."""

        def look(layer, _, output):
            tokens = as_tokens(output, len(images), self.N, self.packs)
            if tokens is not None and wanted(layer, tokens):
                raise Found(layer, tokens)

        hooks = [m.register_forward_hook(look) for m in self.model.modules()]
        training = [m for m in self.model.modules() if m.training]
        try:
            self.model.eval()  # dropout would answer, too
            args, named = self.inputs(images)
            self.model(*args, **named)
        except Found as found:
            return found.args
        except Exception as error:  # whatever it is that this model wants besides
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ValueError(f"the model raised {text[:LONGEST]}") from error
        finally:
            for hook in hooks:
                hook.remove()
            for module in training:
                module.training = True
        return None, None

    def inputs(self, images):
        """(inputs by place, {inputs by name}) of the model for these images."""
        own = [p for p in self.model.parameters() if p.is_floating_point()]
        own = [*own, images][0]
        steps = images.to(own).unflatten(2, (-1, self.size[0])).transpose(1, 2)
        times = max(1, self.frames // steps.shape[1])  # frames that show the same
        pixels = steps.repeat_interleave(times, 1)  # (B, frames, 3, H, W)
        given = self.prompt(len(images), own.device)
        if self.packs:
            pixels, grid = as_patches(pixels, self.grid, *self.sizes)
            kind = "video" if self.video else "image"
            given |= {"grid_thw": grid, f"{kind}_grid_thw": grid}
        elif not (self.video or self.several):
            pixels = pixels[:, 0]  # (B, 3, H, W)
        names = [n for n in (VIDEO if self.video else IMAGES) if n in self.takes]
        given = {name: one for name, one in given.items() if name in self.takes}
        given |= {name: pixels for name in names[:1]}
        args = () if names else (pixels,)
        self.called = {"the images": pixels} | given if args else given
        self.called = {name: tuple(one.shape) for name, one in self.called.items()}
        if "interpolate_pos_encoding" in self.takes:
            given["interpolate_pos_encoding"] = True  # any size, not just the usual one
        return args, given

    def prompt(self, B, device):
        """{input: tensor (B, n)} of the text, the same for each image."""
        if self.input_ids is None:
            return {}
        ids = self.input_ids.to(device).expand(B, -1)  # (B, n)
        given = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if self.image_token is not None:
            wanted = torch.as_tensor(self.image_token, device=device)
            kind = 2 if self.video else 1  # as processors of Qwen2-VL count them
            given["mm_token_type_ids"] = torch.isin(ids, wanted) * kind
        return given


def as_tokens(output, B, N, packed):
    """The tokens (B, N, D) of B images in a layer's output, or None. packed: images
    stand one behind the other, (B * N, D)."""
    tokens = output[0] if isinstance(output, tuple) and output else output
    tokens = getattr(tokens, "last_hidden_state", tokens)
    if not isinstance(tokens, torch.Tensor) or tokens.dim() not in (2, 3):
        return None
    if tokens.shape[:-1] == (B, N):
        return tokens
    alike = [(1, B * N), (B * N,)][: 1 + packed]
    return tokens.reshape(B, N, -1) if tokens.shape[:-1] in alike else None


def sizes_of_patches(model):
    """Pixels of a patch, its frames, and patches of a side that make one token, of a
    model as Qwen2-VL; () of another."""
    config = getattr(model, "config", None)
    config = getattr(config, "vision_config", config)
    names = "patch_size", "temporal_patch_size", "spatial_merge_size"
    sizes = tuple(getattr(config, name, None) for name in names)
    return () if None in sizes else sizes


def as_patches(pixels, grid, p, k, m):
    """Pictures (B, frames, 3, H, W) as Qwen2-VL takes them: ((all patches, values), the
    grid (B, 3)); a row a patch, those that are merged into one token together.

    grid: (t, h, w) of each; None: as many as there are. p, k, m: `sizes_of_patches`.
    """
    B, frames, _, H, W = pixels.shape
    t, h, w = grid or (-(-frames // k), H // (p * m) * m, W // (p * m) * m)
    if (H, W) != (h * p, w * p):
        pixels = interpolate(pixels.flatten(0, 1), (h * p, w * p)).unflatten(0, (B, -1))
    pixels = pixels.repeat_interleave(-(-t * k // frames), 1)[:, : t * k]
    x = pixels.reshape(B, t, k, 3, h // m, m, p, w // m, m, p)
    x = x.permute(0, 1, 4, 7, 5, 8, 3, 2, 6, 9)  # (B, t, h/m, w/m, m, m, 3, k, p, p)
    return x.flatten(0, 5).flatten(1), torch.tensor([[t, h, w]] * B, device=x.device)


def reader_of(model, N, facts, input_ids=None):
    """(Reader, "") for a model, or (None, why there is none). input_ids: (B, n) or (n,)
    of prompts; the images need not stand in them."""
    prompts = [None]
    if len(set(facts.given_grids())) > 1:
        return None, say("grids differ")
    if input_ids is not None:
        ids = torch.atleast_2d(torch.as_tensor(input_ids))  # (B, n)
        if (ids != ids[:1]).any():
            return None, say("prompts differ")
        written = ids[:1, -1:].expand(-1, max(0, N - ids.shape[1]))  # any words
        prompts = [ids[:1], torch.cat([ids[:1], written], 1)]  # (1, n), (1, N)
    tried = []
    for prompt, several in [(p, s) for s in (False, True) for p in prompts]:
        reader, error = Reader(model, N, facts, prompt, several), ""
        try:
            if reader.choose():
                return reader, ""
        except ValueError as raised:
            error = raised
        tried.append((reader, error))
    reader, error = tried[0]
    called = (f"{name} {shape}" for name, shape in reader.called.items())
    lacks = "input_ids" in reader.takes and input_ids is None
    numbers = {"N": N, "error": error, "called": ", ".join(called) or "no input"}
    kind = "model raised" if error else "no layer"
    return None, say(kind, **numbers, ids="input_ids= or " * lacks)
