"""Train on rendered scenes: a pool of them, drawn once and seen several times.

Drawing is not free here as it is with flat scenes, so a pool is drawn first; half of
what is seen is seen in a mirror, which swaps the two objects of "left of".
`python -m helpers train rendered` makes both shipped captioners with it.
"""

import time
from pathlib import Path

import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from tqdm.auto import tqdm

from helpers.captioning import training
from helpers.captioning.captioners import REDUCTION
from helpers.captioning.checkpoints import DATA, RENDERED, save_weights
from helpers.captioning.rendered import captioners
from helpers.captioning.rendered.scenes import draw_scenes, sample_rendered_scenes
from helpers.captioning.scenes import caption_of
from helpers.captioning.stop_button import use_threads
from helpers.captioning.teacher_forcing import word_ids
from helpers.captioning.words import RENDERED_ID

POOL = 28_000  # scenes
WARM_UP = 300  # steps in which the learning rate rises
RECIPES = {  # as shipped
    RENDERED[0]: {"steps": 2600, "batch": 48, "learning_rate": 2e-3},
    RENDERED[1]: {"steps": 6000, "batch": 32, "learning_rate": 1e-3},
}


def draw_pool(count, seed):
    """Draw `count` scenes: images (B, 3, 64, 96) uint8 and word ids (B, 10), padded."""
    pictures, captions = [], []
    for objects, image, _ in draw_scenes(count, seed, captioners.INPUT_SIZE):
        pictures.append((image * 255).round().byte())  # (3, H, W)
        captions.append(caption_of(objects))
    return torch.stack(pictures), word_ids(captions, RENDERED_ID)


def pick(pool, count, random):
    """A batch of the pool: images (B, 3, H, W) in about -1..1, and word ids (B, 10).

    Half of it in a mirror; all of it with a little noise.
    """
    images, words = pool
    rows = torch.randint(len(images), (count,), generator=random)  # (B,)
    images, words = images[rows].float() / 255, words[rows]  # (B, 3, H, W), (B, 10)
    mirror = torch.rand(count, generator=random) < 0.5  # (B,)
    images[mirror] = images[mirror].flip(-1)
    swap = mirror & (words == RENDERED_ID["left"]).any(1)  # (B,)
    other = words[:, [0, 1, 7, 8, 4, 5, 6, 2, 3, 9]]  # "a RED CUBE left of a BLUE CONE"
    words = torch.where(swap[:, None], other, words)
    noise = torch.randn(count, 1, *images.shape[2:], generator=random)  # (B, 1, H, W)
    return 2 * (images + training.NOISE * noise) - 1, words


def train_rendered(name, pool, steps, batch, learning_rate, seed=0):
    """Train one of RECIPES on a pool; return the model, in evaluation mode."""
    torch.manual_seed(seed)
    ours = name == RENDERED[0]
    model = captioners.RenderedCaptioner() if ours else captioners.build_published()
    optimizer, schedule = make_optimizer(model, steps, learning_rate)
    random = torch.Generator().manual_seed(seed)
    bar = tqdm(range(steps), name)
    for _ in bar:
        images, words = pick(pool, batch, random)  # (B, 3, H, W), (B, T + 1)
        before = words[:, :-1]  # (B, T)
        if ours:
            logits, _ = model(images, before)  # (B, T, V)
        else:
            logits = model(pixel_values=images, decoder_input_ids=before).logits
        loss = training.caption_loss(logits, words)
        training.descend(loss, model, optimizer, schedule)
        bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
    return model.eval()


def make_optimizer(model, steps, learning_rate):
    """AdamW that decays matrices only; the rate rises, then falls as a cosine."""
    groups = training.parameter_groups(model, weight_decay=0.05)
    optimizer = torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.98))
    rise = LinearLR(optimizer, 1 / WARM_UP, total_iters=WARM_UP - 1)
    fall = CosineAnnealingLR(optimizer, max(1, steps - WARM_UP), learning_rate / 50)
    return optimizer, SequentialLR(optimizer, [rise, fall], [WARM_UP])


def train_and_save(folder=DATA):
    """Both from nothing, on one pool of scenes.

    On one thread: another number of them gives other last digits, and other weights.
    """
    with use_threads(1):
        print(f"drawing {POOL} scenes")
        pool = draw_pool(POOL, seed=1)
        for name, recipe in RECIPES.items():
            start = time.perf_counter()
            model = train_rendered(name, pool, **recipe)
            save(name, model, folder, round(time.perf_counter() - start))


def save(name, model, folder, seconds):
    """Save one of RECIPES, and write into the manifest what the saved model reaches: of
    the ViT and GPT-2 with weights of 16 bits."""
    if name == RENDERED[0]:
        captioner = model
        save_weights(model, name, folder)
    else:
        home = (Path(folder) / name).parent
        captioners.save_published(model, home)
        captioner = captioners.read_published(home)
    training.note_scores(
        captioner,
        name,
        sample_rendered_scenes(training.TEST_COUNT, training.TEST_SEED),
        folder,
        command="python -m helpers train rendered",
        **RECIPES[name],
        pool=POOL,
        maps=REDUCTION,
        seconds=seconds,
    )
