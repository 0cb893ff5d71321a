"""Load a pretrained captioner of transformers, from the hub or from a folder.

Needs transformers, which comes with the extra `models`.
"""

from dataclasses import dataclass
from functools import partial

import torch
import transformers
from safetensors import SafetensorError

from helpers.maps.find_box import find_box
from helpers.maps.geometry import Geometry
from helpers.maps.pictures import as_rgb


@dataclass(frozen=True)
class RealCaptioner:
    """A captioner of transformers with all that belongs to it."""

    model: torch.nn.Module
    processor: object
    tokenizer: object

    def read(self, image):
        """A PIL image as the model takes it, (1, 3, H, W), and its Geometry."""
        picture = as_rgb(image)
        pixels = self.processor(picture, return_tensors="pt")["pixel_values"]
        return pixels, geometry_of(self.processor, picture.size[::-1])

    @torch.inference_mode()
    def generate(self, pixels, beams=1, longest=15):
        """What the model's own `generate` returns for pixels (1, 3, H, W).

        It holds the attentions that the model is ready to give. longest: in tokens.
        """
        sizes = {"num_beams": beams, "max_new_tokens": longest}
        returned = {"output_attentions": True, "return_dict_in_generate": True}
        return self.model.generate(pixel_values=pixels, **sizes, **returned)

    def words(self, ids):
        """Token ids -> their texts, one for each token."""
        return [self.tokenizer.decode([i]).strip() for i in ids]


def load_real(name):
    """A captioner from a folder, or by name from the Hugging Face hub.

    name: for instance "nlpconnect/vit-gpt2-image-captioning" or
    "Salesforce/blip-image-captioning-base", or a folder that `save_pretrained` wrote.
    The model comes in evaluation mode, with attention that returns its weights. Raises
    OSError for a name that is neither here nor on the hub, ValueError for a model of
    another kind and for damaged weights.
    """
    kind = transformers.AutoConfig.from_pretrained(name).model_type
    kinds = {
        "vision-encoder-decoder": transformers.VisionEncoderDecoderModel,
        "blip": transformers.BlipForConditionalGeneration,
    }
    if kind not in kinds:
        raise ValueError(
            f"{name} is a {kind} model, this loads {', '.join(kinds)}: "
            "load it with transformers and go on with capture_attention"
        )
    try:
        model = kinds[kind].from_pretrained(name, attn_implementation="eager")
    except SafetensorError as error:
        raise ValueError(f"the weights of {name} are damaged ({error})") from error
    processor = transformers.AutoImageProcessor.from_pretrained(name)
    tokenizer = transformers.AutoTokenizer.from_pretrained(name)
    return RealCaptioner(model.eval(), processor, tokenizer)


def geometry_of(processor, size):
    """How an image processor of transformers makes its input from a picture (H, W).

    Found by experiment, see `find_box`. Raises ValueError that says what was seen where
    the input is no upright box of the picture: tiles, flattened patches, a flip.
    """
    processor = getattr(processor, "image_processor", processor)
    return Geometry(size, find_box(partial(processor, return_tensors="pt"), size))
