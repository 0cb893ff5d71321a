"""The checks of the exercises, a file for each notebook. Each runs your function on
several small inputs whose sizes all differ, and names the likely mistake when the
answers are those that it gives.
"""

from helpers.classroom.checks.additive import check_additive_scores, check_decoder_step
from helpers.classroom.checks.does_it_matter import check_hide_at, check_occlusion
from helpers.classroom.checks.dot_product import check_dot_attention, check_entropy
from helpers.classroom.checks.dot_product_training import check_fit
from helpers.classroom.checks.explore import check_best_head, check_follows
from helpers.classroom.checks.image_to_grid import (
    check_attention_module,
    check_square_of,
    check_unflatten,
)
from helpers.classroom.checks.looking_there import (
    check_is_hit,
    check_rank_accuracy,
    check_soft_mean,
)
from helpers.classroom.checks.mismatch import (
    check_keys_that_are_no_cells,
    check_read_numbers,
    check_state_beside_cells,
)
from helpers.classroom.checks.nothing_crashes import (
    check_lays_out_right,
    check_may_be_stretched,
    check_share_one_map,
)
from helpers.classroom.checks.real_models import check_find_image, check_follow
from helpers.classroom.checks.start_here import (
    check_count_keys,
    check_looks_like_attention,
)
from helpers.classroom.checks.step_by_step import (
    check_guard,
    check_seen_box,
    check_to_maps,
)
from helpers.classroom.checks.transformer_block import check_block
from helpers.classroom.checks.transformer_cells import check_looked_at
