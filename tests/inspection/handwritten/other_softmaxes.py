"""Softmaxes and gates of well-known models that are no attention over places."""

import torch
import torch.nn.functional as F
from torch import nn

from .core import C, D, case

GROUP = "7k no attention over places"


def none(*inputs):
    return case(GROUP, *inputs, expect="not listed", images_apart=False)


@none("map")
class Cbam(nn.Module):
    """Channels and places weighed by sigmoids."""

    def __init__(self):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(C, 4), nn.ReLU(), nn.Linear(4, C))
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x):
        scale = torch.sigmoid(self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3))))
        x = x * scale[:, :, None, None]
        both = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * torch.sigmoid(self.conv(both))


@none("map")
class DynamicConvolution(nn.Module):
    """Four kernels mixed for each image, by a softmax."""

    def __init__(self):
        super().__init__()
        self.weight, self.fc = nn.Parameter(torch.randn(4, 5, C, 3, 3)), nn.Linear(C, 4)

    def forward(self, x):
        b, c, h, w = x.shape
        pi = F.softmax(self.fc(x.mean((2, 3))) / 30, dim=1)
        kernels = torch.mm(pi, self.weight.view(4, -1)).view(b * 5, C, 3, 3)
        out = F.conv2d(x.reshape(1, b * c, h, w), kernels, padding=1, groups=b)
        return out.view(b, 5, h, w)


@none("map")
class NetVlad(nn.Module):
    """Every cell is shared out among clusters; residuals are summed over cells."""

    def __init__(self):
        super().__init__()
        self.conv, self.centroids = nn.Conv2d(C, 4, 1), nn.Parameter(torch.randn(4, C))

    def forward(self, x):
        soft = F.softmax(self.conv(x).flatten(2), dim=1)  # (B, K, N)
        flat = F.normalize(x, dim=1).flatten(2)  # (B, C, N)
        residual = flat[:, None] - self.centroids[None, :, :, None]
        vlad = (residual * soft.unsqueeze(2)).sum(-1)
        return F.normalize(F.normalize(vlad, dim=2).flatten(1), dim=1)


@none("map")
class DistributionOfBoxes(nn.Module):
    """YOLO's DFL: a softmax over bins, and a convolution by their numbers."""

    def __init__(self):
        super().__init__()
        self.head, self.conv = nn.Conv2d(C, 32, 1), nn.Conv2d(8, 1, 1, bias=False)
        self.conv.weight.data[:] = torch.arange(8.0).view(1, 8, 1, 1)

    def forward(self, image):
        x = self.head(image).flatten(2)  # (B, 32, N)
        b, _, n = x.shape
        return self.conv(x.view(b, 4, 8, n).transpose(2, 1).softmax(1)).view(b, 4, n)


@none("map")
class SoftArgminDisparity(nn.Module):
    """GC-Net: the mean disparity under a softmax."""

    def __init__(self):
        super().__init__()
        self.cost = nn.Conv2d(C, 9, 3, padding=1)

    def forward(self, x):
        p = F.softmax(-self.cost(x), dim=1)
        return torch.sum(p * torch.arange(9.0).view(1, 9, 1, 1), dim=1)


@none("words", "cells")
class MixtureOfSoftmaxes(nn.Module):
    """Three word distributions, mixed."""

    def __init__(self):
        super().__init__()
        self.prior, self.latent, self.out = (
            nn.Linear(D, 3),
            nn.Linear(D, 3 * D),
            nn.Linear(D, 11),
        )

    def forward(self, x, cells):
        prior = F.softmax(self.prior(x).view(-1, 3), -1)
        latent = torch.tanh(self.latent(x)).view(-1, D)
        prob = F.softmax(self.out(latent), -1).view(-1, 3, 11)
        return (prob * prior.unsqueeze(2).expand_as(prob)).sum(1).log()


@none("words", "cells")
class MixtureDensity(nn.Module):
    """The mean of a mixture of Gaussians."""

    def __init__(self):
        super().__init__()
        self.pi, self.mu = nn.Linear(D, 5), nn.Linear(D, 5 * 2)

    def forward(self, x, cells):
        pi, mu = F.softmax(self.pi(x), -1), self.mu(x).unflatten(-1, (5, 2))
        return torch.einsum("btk,btkc->btc", pi, mu)


@none("words", "cells")
class Distillation(nn.Module):
    """Soft targets of a teacher; a symmetric contrastive loss in a batch."""

    def forward(self, x, cells):
        a, b = F.normalize(x.mean(1), dim=-1), F.normalize(cells.mean(1), dim=-1)
        s = a @ b.T / 0.07
        soft = F.softmax(s / 4, dim=-1)
        return F.kl_div(F.log_softmax(s, -1), soft, reduction="batchmean"), -(
            soft * F.log_softmax(s.T, 1)
        ).sum(1)


@none("words", "cells")
class PrototypeClassifier(nn.Module):
    """Probabilities of classes times their embeddings: label refinement."""

    def __init__(self):
        super().__init__()
        self.classes = nn.Parameter(torch.randn(6, D))

    def forward(self, x, cells):
        p = F.softmax(x @ self.classes.T, dim=-1)  # (B, T, 6)
        return x + p @ self.classes


@none("words", "cells")
class SwitchMoe(nn.Module):
    """Dispatch and combine by einsum, with capacity."""

    def __init__(self):
        super().__init__()
        self.gate, self.w = nn.Linear(D, 4), nn.Parameter(torch.randn(4, D, D))

    def forward(self, words, cells):
        x = cells.flatten(0, 1)  # (S, D)
        gates = F.softmax(self.gate(x), dim=1)
        mask = F.one_hot(gates.argmax(1), 4)
        place = (mask.cumsum(0) - 1) * mask
        dispatch = (
            F.one_hot(place, len(x)).float() * mask[..., None]
        )  # (S, E, capacity)
        combine = (gates * mask)[..., None] * dispatch
        inside = torch.einsum("sec,sm->ecm", dispatch, x)
        out = torch.einsum("ecm,emo->eco", inside, self.w)
        return torch.einsum("sec,eco->so", combine, out).view_as(cells)
