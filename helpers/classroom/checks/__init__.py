"""The checks of the exercises, a file for each notebook. Each runs your function on
several small inputs whose sizes all differ, and names the likely mistake when the
answers are those that it gives.
"""

from helpers import public

ROOMS = {
    "additive": "check_additive_scores check_decoder_step",
    "does_it_matter": "check_hide_at check_occlusion",
    "dot_product": "check_dot_attention check_entropy check_fit",
    "explore": "check_best_head check_follows",
    "image_to_grid": "check_attention_module check_square_of check_unflatten",
    "looking_there": "check_is_hit check_rank_accuracy check_soft_mean",
    "mismatch": "check_keys_that_are_no_cells check_read_numbers "
    "check_state_beside_cells",
    "nothing_crashes": "check_lays_out_right check_may_be_stretched "
    "check_share_one_map",
    "real_models": "check_find_image check_follow",
    "start_here": "check_count_keys check_looks_like_attention",
    "step_by_step": "check_guard check_seen_box check_to_maps",
    "transformer": "check_block check_looked_at",
}
__getattr__, __all__ = public(__name__, ROOMS)
