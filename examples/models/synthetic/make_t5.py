#!/usr/bin/env python3
"""Writes a T5-shaped model with random weights, its tokenizer and pairs of texts: its answers mean nothing.

    python3 make_t5.py FOLDER [--gated] [--layers 2 ...]

The default is small enough to be put on a chip in seconds. --gated is the form of T5 v1.1 and Flan-T5: a gated GELU block and a head of its
own. The tokenizer is of the unigram kind, with pieces of one letter and some of two. Needs only Python's standard library. The same
arguments give the same bytes.
"""
import argparse
import json
import os
import random
import string
import struct

MARK = "\u2581"  # stands for a space inside pieces


def pieces_of():
    """Control pieces first, as T5 has them; then letters, and syllables that are likelier than their letters."""
    letters = string.ascii_lowercase + ".,"
    syllables = [c + v for c in "bdfgklmnprst" for v in "aeiou"]
    scored = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), (MARK, -2.0)]
    scored += [(c, -4.0 - i / 64) for i, c in enumerate(letters)]
    return scored + [(s, -5.0 - i / 64) for i, s in enumerate(syllables)]


def tokenizer(scored):
    special = [{"id": i, "content": scored[i][0], "special": True} for i in range(3)]
    return {
        "version": "1.0",
        "added_tokens": special,
        "normalizer": {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
        "pre_tokenizer": {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always"},
        "decoder": {"type": "Metaspace", "replacement": MARK, "prepend_scheme": "always"},
        "model": {"type": "Unigram", "unk_id": 2, "vocab": [list(s) for s in scored]},
    }


def tensors_of(a, vocabulary):
    inner, m = a.heads * a.head_width, a.width

    def attention(at, name, scale):
        yield at + "layer_norm.weight", (m,), None
        yield at + name + "q.weight", (inner, m), scale / m**0.5 / a.head_width**0.5
        yield at + name + "k.weight", (inner, m), scale / m**0.5
        yield at + name + "v.weight", (inner, m), 1 / m**0.5
        yield at + name + "o.weight", (m, inner), 1 / inner**0.5

    def block(at):
        yield at + "layer_norm.weight", (m,), None
        for name in ("wi_0", "wi_1") if a.gated else ("wi",):
            yield at + f"DenseReluDense.{name}.weight", (a.hidden, m), 1 / m**0.5
        yield at + "DenseReluDense.wo.weight", (m, a.hidden), 1 / a.hidden**0.5

    yield "shared.weight", (vocabulary, m), 1.0
    for side in ("encoder", "decoder"):
        yield f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight", (a.buckets, a.heads), 1.0
        for layer in range(a.layers):
            at = f"{side}.block.{layer}.layer."
            yield from attention(at + "0.", "SelfAttention.", 1.5)
            if side == "decoder":
                yield from attention(at + "1.", "EncDecAttention.", 1.5)
            yield from block(at + ("2." if side == "decoder" else "1."))
        yield f"{side}.final_layer_norm.weight", (m,), None
    if a.gated:
        yield "lm_head.weight", (vocabulary, m), 3 / m**0.5


def write_weights(a, vocabulary):
    stream = random.Random(a.seed)
    header, data = {}, bytearray()
    for name, shape, scale in tensors_of(a, vocabulary):
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = [1.0 + 0.1 * stream.uniform(-1, 1) if scale is None else scale * 1.7 * stream.uniform(-1, 1)
                  for _ in range(n)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + 4 * n]}
        data += struct.pack(f"<{n}f", *values)
    text = json.dumps(header).encode()
    with open(os.path.join(a.folder, "model.safetensors"), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


def write_pairs(a, name, seed, n):
    stream = random.Random(seed)

    def words(least, most):
        return " ".join("".join(stream.choice("bdfgklmnprst") + stream.choice("aeiou")
                                for _ in range(stream.randint(1, 3))) for _ in range(stream.randint(least, most)))

    with open(os.path.join(a.folder, name), "w", encoding="ascii") as out:
        for _ in range(n):
            out.write(f"{words(2, 7)}\t{words(1, 5)}\n")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--gated", action="store_true", help="the form of T5 v1.1")
    p.add_argument("--layers", type=int, default=2, help="of each side")
    p.add_argument("--width", type=int, default=32)
    p.add_argument("--heads", type=int, default=4)
    p.add_argument("--head-width", type=int, default=8)
    p.add_argument("--hidden", type=int, default=64)
    p.add_argument("--buckets", type=int, default=32)
    p.add_argument("--positions", type=int, default=128)
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    scored = pieces_of()
    config = {
        "model_type": "t5", "architectures": ["T5ForConditionalGeneration"], "vocab_size": len(scored),
        "d_model": a.width, "d_kv": a.head_width, "d_ff": a.hidden, "num_heads": a.heads, "num_layers": a.layers,
        "num_decoder_layers": a.layers, "relative_attention_num_buckets": a.buckets,
        "relative_attention_max_distance": 128, "n_positions": a.positions, "layer_norm_epsilon": 1e-6,
        "feed_forward_proj": "gated-gelu" if a.gated else "relu", "tie_word_embeddings": not a.gated,
        "decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1,
    }
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer(scored))):
        with open(os.path.join(a.folder, name), "w", encoding="ascii") as out:
            json.dump(value, out, indent=1)
    write_weights(a, len(scored))
    write_pairs(a, "calib.tsv", 7, 16)
    write_pairs(a, "test.tsv", 8, 24)


if __name__ == "__main__":
    main()
