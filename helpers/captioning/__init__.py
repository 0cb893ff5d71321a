"""Scenes, the three attentions, the captioners around them, and what they reach."""

from helpers import public

ROOMS = {
    "scenes": "SceneObject caption_words draw sample_objects sample_scenes",
    "words": "RENDERED_VOCABULARY START VOCABULARY WORD_ID",
    "attention": "AdditiveAttention DotProductAttention MultiHeadAttention",
    "models": "Encoder RecurrentDecoder eval_mode",
    "captioners": "Captioner load_captioner to_input",
    "checkpoints": "DATA VARIANTS read_manifest",
    "training": "caption_loss make_optimizer train training_batch",
    "stop_button": "stoppable",
    "teacher_forcing": "as_captions features_and_gradients force word_ids",
    "rendered.scenes": "RenderedObject sample_rendered_scenes",
    "arranging": "make_rendered_scene make_scene",
    "rendered.captioners": "load_published load_rendered",
    "rendered.scores": "near_by_head with_maps",
    "metrics": "attention_mass centre_map coverage near peak peak_distances peak_error "
    "per_word rank_accuracy",
}
__getattr__, __all__ = public(__name__, ROOMS)
