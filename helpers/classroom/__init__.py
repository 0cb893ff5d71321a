"""What a lesson needs: checks, quiz, figures, the set-up check, errors on purpose."""

from helpers import public

ROOMS = {
    "setup_check": "check_setup",
    "errors": "expect_error failing",
    "diagrams": "arrow box canvas numbers",
    "film": "Film",
    "figures": "outline_object show_shapes side_by_side",
    "quizzes": "quiz",
    "recurrent_diagrams": "attention_flow decoder_step dot_product_flow unrolled",
}
__getattr__, __all__ = public(__name__, ROOMS)
