#!/usr/bin/env python3
"""Writes a Llama-shaped model with random weights, for memory and speed: its texts mean nothing.

    python3 make_llama.py FOLDER [--layers 22 ...]

The default sizes are those of TinyLlama 1.1B: 1.10e9 parameters, 2.2 GB of BF16 in several files with an index, and tokens that are
bytes. Needs only Python's standard library. The same arguments give the same bytes.
"""
import argparse
import json
import os
import random

CHUNK = 1 << 20  # values written at a time
FILE_BYTES = 10**9


def bf16_table(octave_pair):
    """Upper bytes of a BF16 value by random byte: its sign, and magnitudes around 4^octave_pair, smaller ones less often."""
    exponent = (127 + 2 * octave_pair) // 2
    return bytes((b & 0x80) | (exponent - (0 if b % 128 < 64 else 1 if b % 128 < 108 else 2)) for b in range(256))


def random_values(out, stream, n, table):
    while n > 0:
        some = min(n, CHUNK)
        values = bytearray(2 * some)
        values[0::2] = stream.randbytes(some)
        values[1::2] = stream.randbytes(some).translate(table)
        out.write(values)
        n -= some


def tensors_of(a):
    head, width, hidden = a.width // a.heads, a.width, a.hidden
    yield "model.embed_tokens.weight", (a.vocabulary, width), -3
    for layer in range(a.layers):
        at = f"model.layers.{layer}."
        yield at + "input_layernorm.weight", (width,), None
        yield at + "self_attn.q_proj.weight", (width, width), -3
        yield at + "self_attn.k_proj.weight", (a.key_heads * head, width), -3
        yield at + "self_attn.v_proj.weight", (a.key_heads * head, width), -3
        yield at + "self_attn.o_proj.weight", (width, width), -4
        yield at + "post_attention_layernorm.weight", (width,), None
        yield at + "mlp.gate_proj.weight", (hidden, width), -3
        yield at + "mlp.up_proj.weight", (hidden, width), -3
        yield at + "mlp.down_proj.weight", (width, hidden), -4
    yield "model.norm.weight", (width,), None
    yield "lm_head.weight", (a.vocabulary, width), -3


def size_of(shape):
    n = 1
    for s in shape:
        n *= s
    return n


def files_of(tensors):
    files, size = [[]], 0
    for t in tensors:
        n = 2 * size_of(t[1])
        if files[-1] and size + n > FILE_BYTES:
            files.append([])
            size = 0
        files[-1].append(t)
        size += n
    return files


def write_weights(a):
    stream = random.Random(a.seed)
    files, index = files_of(tensors_of(a)), {}
    for k, tensors in enumerate(files):
        name = f"model-{k + 1:05d}-of-{len(files):05d}.safetensors"
        header, end = {}, 0
        for tensor, shape, _ in tensors:
            n = 2 * size_of(shape)
            header[tensor] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [end, end + n]}
            index[tensor] = name
            end += n
        text = json.dumps(header).encode()
        with open(os.path.join(a.folder, name), "wb") as out:
            out.write(len(text).to_bytes(8, "little"))
            out.write(text)
            for _, shape, octave_pair in tensors:
                if octave_pair is None:
                    out.write(b"\x80\x3f" * size_of(shape))  # 1
                else:
                    random_values(out, stream, size_of(shape), bf16_table(octave_pair))
    with open(os.path.join(a.folder, "model.safetensors.index.json"), "w") as out:
        json.dump({"metadata": {"total_size": sum(2 * size_of(t[1]) for t in tensors_of(a))}, "weight_map": index}, out)


def byte_letters():
    """The letter that stands for each byte in byte-level vocabularies: itself where it can be seen, else one from U+0100 on."""
    seen = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    return [chr(b) if b in seen else chr(256 + [c for c in range(256) if c not in seen].index(b)) for b in range(256)]


def write_tokenizer(a):
    vocabulary = {"<s>": 0, "</s>": 1}
    vocabulary.update({letter: 2 + b for b, letter in enumerate(byte_letters())})
    special = [{"id": i, "content": t, "special": True} for t, i in vocabulary.items() if i < 2]
    first = {"SpecialToken": {"id": "<s>", "type_id": 0}}
    tokenizer = {
        "added_tokens": special,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [first, {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0]}},
        },
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    }
    config = {
        "model_type": "llama", "vocab_size": a.vocabulary, "hidden_size": a.width, "num_hidden_layers": a.layers,
        "num_attention_heads": a.heads, "num_key_value_heads": a.key_heads, "intermediate_size": a.hidden,
        "hidden_act": "silu", "max_position_embeddings": a.positions, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "bos_token_id": 0, "eos_token_id": 1, "tie_word_embeddings": False,
    }  # fmt: skip
    for name, value in (("tokenizer.json", tokenizer), ("config.json", config)):
        with open(os.path.join(a.folder, name), "w") as out:
            json.dump(value, out)
    stream = random.Random(a.seed)
    with open(os.path.join(a.folder, "calib.txt"), "w") as out:
        for _ in range(64):
            words = ("".join(stream.choices("etaoinshrdlu", k=stream.randint(1, 9))) for _ in range(12))
            out.write(" ".join(words) + "\n")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    for name, value in (("width", 2048), ("layers", 22), ("heads", 32), ("key-heads", 4), ("hidden", 5632),
                        ("vocabulary", 32000), ("positions", 2048), ("seed", 1)):  # fmt: skip
        p.add_argument("--" + name, type=int, default=value, help=f"{value}")
    a = p.parse_args()
    if min(a.width, a.layers, a.heads, a.key_heads, a.hidden, a.positions) < 1 or a.vocabulary < 258:
        p.error("sizes start at 1, the vocabulary at 258")
    if a.width % a.heads or a.heads % a.key_heads or a.width // a.heads % 2:
        p.error("heads must divide the width into even parts, and key heads the heads")
    os.makedirs(a.folder, exist_ok=True)
    write_weights(a)
    write_tokenizer(a)
    print(f"{a.folder}: {sum(size_of(t[1]) for t in tensors_of(a)) / 1e9:.3f}e9 parameters")


if __name__ == "__main__":
    main()
