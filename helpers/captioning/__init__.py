"""Scenes, the three attentions, the captioners around them, and what they reach."""

from helpers import public

__getattr__, __all__ = public(
    __name__,
    {
        "scenes": [
            "SceneObject",
            "START",
            "VOCABULARY",
            "WORD_ID",
            "draw",
            "make_scene",
            "sample_objects",
            "sample_scenes",
        ],
        "attention": ["AdditiveAttention", "DotProductAttention", "MultiHeadAttention"],
        "models": ["Encoder"],
        "captioners": ["Captioner", "load_captioner", "to_input"],
        "checkpoints": ["VARIANTS", "read_manifest"],
        "training": ["caption_loss", "make_optimizer", "train", "training_batch"],
        "teacher_forcing": [
            "as_captions",
            "features_and_gradients",
            "force",
            "word_ids",
        ],
        "temporary": ["eval_mode", "stoppable"],
        "rendered.scenes": [
            "RENDERED_VOCABULARY",
            "RenderedObject",
            "sample_rendered_scenes",
        ],
        "rendered.arranging": ["make_rendered_scene"],
        "rendered.captioner": ["load_rendered"],
        "rendered.published": ["load_published"],
        "rendered.scores": ["near", "near_by_head", "with_maps"],
        "metrics": [
            "attention_masses",
            "centre_map",
            "coverage",
            "misses",
            "peak",
            "peak_distances",
            "peak_error",
            "per_word",
            "rank_accuracy",
        ],
    },
)
