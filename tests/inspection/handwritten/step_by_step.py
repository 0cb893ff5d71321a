"""Captioners that step: LSTM cells, caches, beams."""

import torch
import torch.nn.functional as F
from torch import nn

from .captioners import Cnn
from .core import WORDS, C, D, case
from .record import note

GROUP = "7b captioners that step"


def stepping(*args, **options):
    return case(GROUP, *args, whole=True, layer=options.pop("layer", ""), **options)


class Attention(nn.Module):
    def __init__(self, width=C):
        super().__init__()
        self.encoder_att, self.decoder_att = nn.Linear(width, 9), nn.Linear(D, 9)
        self.full_att, self.relu, self.softmax = (
            nn.Linear(9, 1),
            nn.ReLU(),
            nn.Softmax(1),
        )
        self.join = "steps"

    def forward(self, encoder_out, decoder_hidden):
        att1, att2 = self.encoder_att(encoder_out), self.decoder_att(decoder_hidden)
        att = self.full_att(self.relu(att1 + att2.unsqueeze(1))).squeeze(2)
        alpha = self.softmax(att)
        note(self, alpha, "b n", "cross", join=self.join)
        return (encoder_out * alpha.unsqueeze(2)).sum(dim=1), alpha


@stepping("photo", "tokens", layer="attention")
class ShowAttendTell(nn.Module):
    """With the gate `beta`; the maps are written into a tensor of zeros."""

    def __init__(self):
        super().__init__()
        self.encoder, self.attention = Cnn(), Attention()
        self.embedding, self.dropout = nn.Embedding(WORDS, D), nn.Dropout(0.5)
        self.decode_step = nn.LSTMCell(D + C, D, bias=True)
        self.init_h, self.init_c = nn.Linear(C, D), nn.Linear(C, D)
        self.f_beta, self.fc = nn.Linear(D, C), nn.Linear(D, WORDS)

    def lengths(self, tokens):
        return [tokens.size(1)] * len(tokens)

    def forward(self, photo, tokens):
        out = self.encoder(photo).permute(0, 2, 3, 1)
        out = out.reshape(out.size(0), -1, out.size(-1))
        h, c = self.init_h(out.mean(dim=1)), self.init_c(out.mean(dim=1))
        words, lengths = self.embedding(tokens), self.lengths(tokens)
        predictions = torch.zeros(len(out), max(lengths), WORDS)
        alphas = torch.zeros(len(out), max(lengths), out.size(1))
        for t in range(max(lengths)):
            n = sum(length > t for length in lengths)
            read, alpha = self.attention(out[:n], h[:n])
            read = torch.sigmoid(self.f_beta(h[:n])) * read
            both = torch.cat([words[:n, t], read], dim=1)
            h, c = self.decode_step(both, (h[:n], c[:n]))
            predictions[:n, t] = self.fc(self.dropout(h))
            alphas[:n, t] = alpha
        return predictions, alphas


@stepping("photo", "tokens", layer="attention", images_apart=False)
class ShowAttendTellShrinkingBatch(ShowAttendTell):
    """Captions sorted by length: the batch shrinks as captions end."""

    def __init__(self):
        super().__init__()
        self.attention.join = None

    def lengths(self, tokens):
        return [5, 3]


class TopDown(nn.Module):
    """Attention of ImageCaptioning.pytorch, with its views and its mask."""

    def __init__(self):
        super().__init__()
        self.h2att, self.alpha_net = nn.Linear(D, 9), nn.Linear(9, 1)

    def forward(self, h, att_feats, p_att_feats, att_masks=None):
        att_size = att_feats.numel() // att_feats.size(0) // C
        att = p_att_feats.view(-1, att_size, 9)
        att_h = self.h2att(h).unsqueeze(1).expand_as(att)
        dot = torch.tanh(att + att_h).view(-1, 9)
        dot = self.alpha_net(dot).view(-1, att_size)
        weight = F.softmax(dot, dim=1)
        if att_masks is not None:
            weight = weight * att_masks.view(-1, att_size).to(weight)
            weight = weight / weight.sum(1, keepdim=True)
        note(self, weight, "b n", "cross", join="steps")
        feats = att_feats.view(-1, att_size, C)
        return torch.bmm(weight.unsqueeze(1), feats).squeeze(1)


@stepping("regions", "tokens", layer="core.attention")
class UpDown(nn.Module):
    """Bottom-up and top-down: one LSTM to look, one for language."""

    def __init__(self):
        super().__init__()
        self.embed, self.ctx2att = nn.Embedding(WORDS, D), nn.Linear(C, 9)
        self.core, self.logit = nn.Module(), nn.Linear(D, WORDS)
        self.core.att_lstm = nn.LSTMCell(2 * D + C, D)
        self.core.lang_lstm = nn.LSTMCell(D + C, D)
        self.core.attention = TopDown()

    def forward(self, feats, tokens, masks=None):
        fc, p_att = feats.mean(1), self.ctx2att(feats)
        state = [(feats.new_zeros(len(feats), D),) * 2 for _ in range(2)]
        out = []
        for i in range(tokens.size(1)):
            xt = torch.cat([state[1][0], fc, self.embed(tokens[:, i])], 1)
            state[0] = self.core.att_lstm(xt, state[0])
            att = self.core.attention(state[0][0], feats, p_att, masks)
            state[1] = self.core.lang_lstm(torch.cat([att, state[0][0]], 1), state[1])
            out.append(F.log_softmax(self.logit(state[1][0]), dim=1))
        return torch.stack(out, 1)


@stepping("regions", "tokens", "padding", layer="core.attention")
class UpDownMasked(UpDown):
    def forward(self, feats, tokens, padding):
        return super().forward(feats, tokens, ~padding)


@stepping("question", "tokens", layer="attn")
class LuongSeq2Seq(nn.Module):
    """Input feeding, a bidirectional encoder, `general` scores (N, B) turned over."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(WORDS, D)
        self.encoder = nn.GRU(D, D, bidirectional=True)
        self.decoder = nn.GRUCell(2 * D, D)
        self.attn, self.concat = General(), nn.Linear(2 * D, D)
        self.out = nn.Linear(D, WORDS)

    def forward(self, question, tokens):
        memory, hidden = self.encoder(self.embed(question).transpose(0, 1))
        memory = memory[:, :, :D] + memory[:, :, D:]
        h, feed, logits = hidden[0], torch.zeros_like(hidden[0]), []
        for word in tokens.t():
            h = self.decoder(torch.cat([self.embed(word), feed], 1), h)
            w = self.attn(h.unsqueeze(0), memory)
            context = w.bmm(memory.transpose(0, 1)).squeeze(1)
            feed = torch.tanh(self.concat(torch.cat([h, context], 1)))
            logits.append(self.out(feed))
        return torch.stack(logits, 1)


class General(nn.Module):
    """It gives the weights back; its parent reads with them."""

    def __init__(self):
        super().__init__()
        self.attn = nn.Linear(D, D)

    def forward(self, hidden, outputs):
        energies = torch.sum(hidden * self.attn(outputs), dim=2).t()
        w = F.softmax(energies, dim=1).unsqueeze(1)
        note(self, w, "b t n", "cross", join="steps")
        return w
