#!/usr/bin/env python3
"""Writes the corpora of the fuzz harnesses, small files that reach every part of a reader: FOLDER/HARNESS/CASE. Standard library
only, and the same bytes every time. What fuzzing found is kept beside them under names that begin with found_.

usage: corpus.py FOLDER          (tests/fuzz/corpus)
"""
import json
import os
import sqlite3
import struct
import sys
import tempfile

BASE = 0x10000
MAGIC = 0x69626163696D686F


def device(name, minor=1, size=None, threads=0, code=0x40):
    """A device table; functions are even addresses, which the harness takes for code."""
    size = size or (784 if minor == 0 else 792)
    head = struct.pack("<IHHII48s160s256s256s", size, 1, minor, threads, 0, name, b"a device", b"made up", b"")
    return (head + struct.pack("<8Q" if minor else "<7Q", *[code] * (8 if minor else 7))).ljust(max(size, 784), b"\0")


def plugin(devices, count=None, major=1, magic=MAGIC, name=b"fuzz", extension=0):
    """A plugin table, its list and its devices behind each other."""
    count = len(devices) if count is None else count
    at = BASE + 280
    tables = at + 8 * (len(devices) + 1)
    pointers, body = [], b""
    for d in devices:
        pointers.append(tables + len(body))
        body += d
    head = struct.pack("<IHHQ48s32s160sIIQQ", 280, major, 1, magic, name, b"1.0", b"for the fuzzer", count, 0,
                       at if devices else 0, extension)
    return head + struct.pack(f"<{len(devices) + 1}Q", *pointers, 0) + body


PLUGIN_TABLES = {
    "one": plugin([device(b"cell")]),
    "two": plugin([device(b"cell"), device(b"other", threads=1)], extension=0x42),
    "none": plugin([]),
    "oldest": plugin([device(b"cell", minor=0)]),
    "newer": plugin([device(b"cell", minor=7, size=900)]),
    "major": plugin([device(b"cell")], major=2),
    "magic": plugin([device(b"cell")], magic=1),
    "more": plugin([device(b"cell")], count=2),
    "fewer": plugin([device(b"cell"), device(b"other")], count=1),
    "many": plugin([device(b"cell")], count=0x80000000),
    "twice": plugin([device(b"cell"), device(b"cell")]),
    "unterminated": plugin([device(b"x" * 48)]),
    "name": plugin([device(b"../cell")]),
    "code": plugin([device(b"cell", code=0x41)]),
    "cut": plugin([device(b"cell")])[:900],
    "short": b"\x18\x01\0\0",
    "empty": b"",
}

def parts(*files):
    """Several files in one input."""
    return b"\n%%\n".join(f if isinstance(f, bytes) else f.encode() for f in files)


def to_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# --- arrays and tensors

def npy(shape, values, descr="<f8", fortran=False, version=1):
    header = ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }" % (descr, fortran, shape)).encode() + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    code = {"<f8": "<d", ">f8": ">d", "<f4": "<f", ">f4": ">f", "<i4": "<i"}[descr]
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + b"".join(struct.pack(code, v) for v in values)


NPY = {
    "vector": npy("(3,)", [1, -2, 3.5]),
    "matrix": npy("(2, 3)", [1, 2, 3, 4, 5, 6]),
    "columns": npy("(2, 3)", [1, 4, 2, 5, 3, 6], fortran=True),
    "single": npy("(2, 1)", [1, float("nan")], "<f4"),
    "big_endian": npy("(2,)", [1, float("inf")], ">f8"),
    "version_2": npy("(2,)", [1, 2], version=2),
    "whole_numbers": npy("(2,)", [1, 2], "<i4"),
    "no_size": npy("()", [1]),
    "cube": npy("(1, 1, 1)", [1]),
    "empty": npy("(0,)", []),
    "huge": npy("(72057594037927936, 72057594037927936)", [1]),
    "short": npy("(4,)", [1]),
    "long": npy("(1,)", [1, 2]),
    "header_beyond": b"\x93NUMPY\x02\0\xff\xff\xff\xff",
    "nothing": b"",
}


def onnx_field(number, value):
    """A field of a protocol buffer: a number, or bytes."""
    def varint(v):
        out = b""
        while v >= 0x80:
            out, v = out + bytes([v & 0x7F | 0x80]), v >> 7
        return out + bytes([v])
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def onnx_tensor(name, kind, shape, values, field=9):
    return b"".join(onnx_field(1, d) for d in shape) + onnx_field(2, kind) + onnx_field(8, name) + onnx_field(field, values)


def onnx(*fields):
    return onnx_field(1, 8) + onnx_field(7, b"".join(fields))


def onnx_node(op, inputs, outputs, *attributes):
    return onnx_field(1, b"".join([onnx_field(1, i) for i in inputs] + [onnx_field(2, o) for o in outputs] +
                                  [onnx_field(3, b"node"), onnx_field(4, op)] + [onnx_field(5, a) for a in attributes]))


def moonshine(width=4, heads=1, hidden=4, words=3, biases=False, rotation=1.0):
    """Both graphs of a Moonshine in one, a layer each: the encoder, and the decoder in a branch. biases: of the feed-forward blocks;
    rotation: the frequency of the pair that turns."""
    def weights(op, name, *shapes, attributes=(), value=0.5):
        inputs = [name + b".%d" % i for i in range(len(shapes))]
        out = b""
        for i, shape in zip(inputs, shapes):
            count = 1
            for n in shape:
                count *= n
            out += onnx_field(5, onnx_tensor(i, 1, shape, struct.pack("<%df" % count, *[value] * count)))
        fields = [onnx_field(1, i) for i in [b"x"] + inputs] + [onnx_field(2, name + b".out"), onnx_field(3, name), onnx_field(4, op)]
        return out + onnx_field(1, b"".join(fields + [onnx_field(5, a) for a in attributes]))

    def matrices(*named):
        return b"".join(weights(b"MatMul", name + b"/MatMul", [rows, columns]) for name, rows, columns in named)

    def norms(*names):
        return b"".join(weights(b"Mul", name + b"/Mul", [width]) for name in names)

    stride = onnx_field(1, b"strides") + onnx_field(8, 1)
    encoder = weights(b"Conv", b"/conv1/Conv", [width, 1, 2], attributes=[stride]) + norms(b"/groupnorm") + \
        weights(b"Add", b"/groupnorm/Add", [width])
    for name in (b"/conv2/Conv", b"/conv3/Conv"):
        encoder += weights(b"Conv", name, [width, width, 2], [width], attributes=[stride])
    encoder += weights(b"MatMul", b"/rotary_emb/MatMul", [1], value=rotation)
    of_attention = (b"q_proj", b"k_proj", b"v_proj", b"dense")
    at = b"/layers.0"
    encoder += norms(at + b"/input_layernorm", at + b"/post_attention_layernorm", b"/layer_norm")
    encoder += matrices(*((at + b"/self_attn/" + n, width, width) for n in of_attention), (at + b"/mlp/fc1", width, hidden),
                        (at + b"/mlp/fc2", hidden, width))
    if biases:
        encoder += weights(b"Add", at + b"/mlp/fc1/Add", [hidden]) + weights(b"Add", at + b"/mlp/fc2/Add", [width])
    root = b"/model/decoder"
    at = root + at
    decoder = norms(at + b"/input_layernorm", at + b"/post_attention_layernorm", at + b"/final_layernorm", root + b"/norm")
    decoder += matrices(*((at + b"/self_attn/" + n, width, width) for n in of_attention),
                        *((at + b"/encoder_attn/" + n, width, width) for n in of_attention),
                        (at + b"/mlp/up_proj", width, 2 * hidden), (at + b"/mlp/down_proj", hidden, width), (b"/proj_out", width, words))
    if biases:
        decoder += weights(b"Add", at + b"/mlp/up_proj/Add", [2 * hidden]) + weights(b"Add", at + b"/mlp/down_proj/Add", [width])
    sizes = b"".join(onnx_field(1, onnx_field(1, n)) for n in (0, heads, 0, width // heads))
    past = onnx_field(1, b"past_key_values.0.decoder.key") + onnx_field(2, onnx_field(1, onnx_field(2, sizes)))
    branch = onnx_field(1, b"else_branch") + onnx_field(6, decoder)
    return onnx(encoder, onnx_field(11, past), onnx_node(b"If", [b"first"], [b"logits"], branch))


def dequantised(times):
    """A convolution whose weights are a number that is dequantised by itself, times over."""
    names = [b"v%d" % i for i in range(times + 1)]
    nodes = [onnx_node(b"DequantizeLinear", [a] * 3, [b]) for a, b in zip(names, names[1:])]
    last = b"".join([onnx_field(1, b"x"), onnx_field(1, names[-1]), onnx_field(2, b"y"), onnx_field(3, b"/conv1/Conv"),
                     onnx_field(4, b"Conv"), onnx_field(5, onnx_field(1, b"strides") + onnx_field(8, 1))])
    return onnx(onnx_field(5, onnx_tensor(names[0], 1, [1], struct.pack("<f", 1))), *nodes, onnx_field(1, last))


ONNX = {
    "moonshine": moonshine(),
    "rotation": moonshine(rotation=2.0),
    "thrice": dequantised(8),
    "matrix": onnx(onnx_field(5, onnx_tensor(b"w", 1, [2, 2], struct.pack("<4f", 1, 2, 3, 4))),
                   onnx_node(b"MatMul", [b"x", b"w"], [b"y"])),
    "bytes": onnx(onnx_field(5, onnx_tensor(b"q", 3, [3], b"\xff\0\x01")), onnx_field(5, onnx_tensor(b"z", 2, [], b"\x07"))),
    "typed": onnx(onnx_field(5, onnx_tensor(b"h", 10, [2], b"\x80\x78\0", 5)), onnx_field(5, onnx_tensor(b"l", 7, [1], b"\x05", 7)),
                  onnx_field(5, onnx_tensor(b"f", 1, [1], struct.pack("<f", float("nan")), 4))),
    "branch": onnx(onnx_node(b"If", [b"c"], [b"y"], onnx_field(1, b"then_branch") + onnx_field(6, onnx_node(b"Neg", [b"a"], [b"b"])))),
    "constant": onnx(onnx_node(b"Constant", [], [b"k"], onnx_field(1, b"value") + onnx_field(5, onnx_tensor(b"", 6, [1], b"\1\0\0\0")))),
    "input": onnx(onnx_field(11, onnx_field(1, b"x") + onnx_field(2, onnx_field(1, onnx_field(2, onnx_field(1, onnx_field(1, 36))))))),
    "elsewhere": onnx(onnx_field(5, onnx_tensor(b"w", 1, [2], onnx_field(1, b"location") + onnx_field(2, b"../w"), 13))),
    "huge": onnx(onnx_field(5, onnx_tensor(b"w", 1, [1 << 40, 1 << 40], b""))),
    "string": onnx(onnx_field(5, onnx_tensor(b"s", 8, [1], b"text", 6))),
    "nothing": b"",
}


def wav(*chunks):
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def wav_format(channels=1, rate=8000, bits=16, coding=1, frame=None, second=None):
    size = channels * bits // 8
    return b"fmt ", struct.pack("<HHIIHH", coding, channels, rate, rate * size if second is None else second,
                                size if frame is None else frame, bits)


WAV = {
    "mono": wav(wav_format(), (b"data", struct.pack("<4h", 0, 1, -32768, 32767))),
    "stereo": wav(wav_format(2, 16000), (b"LIST", b"odd"), (b"data", struct.pack("<4h", 1, 2, -3, 4))),
    "narrow": wav(wav_format(bits=8), (b"data", b"\x80\0\xff")),
    "fast": wav(wav_format(rate=44100), (b"data", b"\0\0")),
    "wide": wav(wav_format(bits=24), (b"data", b"\0\0\0")),
    "coded": wav(wav_format(coding=7, bits=8), (b"data", b"\0")),
    "frames": wav(wav_format(frame=9), (b"data", b"\0" * 18)),
    "a_second": wav(wav_format(second=0xffffffff), (b"data", b"\0\0")),
    "cut": wav(wav_format(), (b"data", b"\0" * 8))[:-4],
    "nothing": b"",
}


def safetensors(tensors, metadata=None, **changes):
    """tensors: name -> (type, shape, bytes)."""
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (kind, shape, values) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    header.update(changes)
    text = to_json(header)
    return struct.pack("<Q", len(text)) + text + data


def f32(*values):
    return struct.pack("<%df" % len(values), *values)


def f64(*values):
    return struct.pack("<%dd" % len(values), *values)


SAFETENSORS = {
    "two": safetensors({"a": ("F32", [2, 2], f32(1, 2, 3, 4)), "b": ("F64", [2], f64(1, 2))}, {"format": "pt"}),
    "half": safetensors({"a": ("F16", [2], b"\0\x3c\0\x40"), "b": ("BF16", [1, 2], b"\x80\x3f\0\x40")}),
    "nan": safetensors({"a": ("F32", [1], f32(float("nan")))}),
    "empty": safetensors({"a": ("F32", [0, 4], b"")}),
    "scalar": safetensors({"a": ("F32", [], f32(1))}),
    "none": safetensors({}),
    "bytes": safetensors({"a": ("U8", [3], b"abc"), "b": ("F4", [2], b"a")}),
    "huge": safetensors({}, a={"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}),
    "beyond": safetensors({}, a={"dtype": "F32", "shape": [1 << 33], "data_offsets": [0, 1 << 35]}),
    "gap": safetensors({}, a={"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}),
    "length": struct.pack("<Q", 1 << 60) + b"{}",
    "deep": struct.pack("<Q", 64) + b"[" * 64,
    "short": b"\1",
}

SHARDED = {
    "two": parts(to_json({"metadata": {"total_size": 24}, "weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}),
                 safetensors({"a": ("F32", [2, 2], f32(1, 2, 3, 4))}), safetensors({"b": ("F32", [2], f32(5, 6))})),
    "lost": parts(to_json({"weight_map": {"a": "a.safetensors", "c": "a.safetensors"}}),
                  safetensors({"a": ("F32", [2], f32(1, 2))}), ""),
    "outside": parts(to_json({"weight_map": {"a": "../a.safetensors"}}), "", ""),
    "itself": parts(to_json({"weight_map": {"a": "..", "b": ".", "c": "model.safetensors.index.json"}}), "", ""),
    "unnamed": parts(to_json({"weight_map": {"a": "a.safetensors"}}),
                     safetensors({"a": ("F32", [2], f32(1, 2)), "b": ("F32", [2], f32(3, 4))}), ""),
    "both": parts(to_json({"weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}),
                  safetensors({"a": ("F32", [2], f32(1, 2))}), safetensors({n: ("F32", [2], f32(5, 6)) for n in "ab"})),
    "none": parts(to_json({"weight_map": {}}), "", ""),
    "number": parts(to_json({"weight_map": {"a": 1}}), "", ""),
}


def manifest(weights, paths=("shard1",)):
    return to_json({"weightsManifest": [{"paths": list(paths), "weights": weights}]})


TFJS = {
    "two": parts(manifest([{"name": "a", "shape": [1, 2, 2], "dtype": "float32"},
                           {"name": "b", "shape": [3], "dtype": "float32"}]), f32(1, 2, 3, 4, 5, 6, 7)),
    "flags": parts(manifest([{"name": "a", "shape": [4], "dtype": "bool"}]), b"\0\1\0\1"),
    "quantised": parts(manifest([{"name": "a", "shape": [4], "dtype": "float32",
                                  "quantization": {"dtype": "uint8", "min": 0, "scale": 1}}]), b"abcd"),
    "huge": parts(manifest([{"name": "a", "shape": [4294967296, 4294967296], "dtype": "float32"}]), b""),
    "outside": parts(manifest([{"name": "a", "shape": [1], "dtype": "float32"}], ["../shard1"]), f32(1)),
    "often": parts(manifest([{"name": "a", "shape": [2], "dtype": "float32"}], ["shard1", "shard1"]), f32(1)),
    "groups": parts(to_json({"weightsManifest": [{"paths": ["shard1"], "weights": [{"name": n, "shape": [1], "dtype": "float32"}]}
                                                 for n in "ab"]}), f32(1)),
    "many": parts(manifest([{"name": str(i), "shape": [1 << 28], "dtype": "float32"} for i in range(5)]), f32(1)),
    "none": parts(to_json({"weightsManifest": []}), b""),
    "nul": parts(manifest([{"name": "a", "shape": [1], "dtype": "float32"}], ["shard1\0x"]), f32(1)),
    "encoder": parts(manifest([{"name": "module/Embeddings_en", "shape": [8002, 256], "dtype": "float32"}]), f32(1)),
    "small_encoder": parts(manifest([{"name": "module/Embeddings_en", "shape": [2, 2], "dtype": "float32"}]), f32(1, 2, 3, 4)),
}

# --- configurations

BERT = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 100, "hidden_size": 8,
        "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 32,
        "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "id2label": {"0": "no", "1": "yes"}}
GPT2 = {"model_type": "gpt2", "vocab_size": 100, "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 32,
        "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"}
LLAMA = {"model_type": "llama", "vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2,
         "num_key_value_heads": 1, "intermediate_size": 16, "max_position_embeddings": 32, "rms_norm_eps": 1e-6,
         "rope_theta": 1e4, "hidden_act": "silu", "tie_word_embeddings": True,
         "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                          "original_max_position_embeddings": 16}}
T5 = {"model_type": "t5", "d_model": 8, "num_layers": 2, "num_decoder_layers": 3, "num_heads": 2, "d_kv": 4, "d_ff": 16,
      "vocab_size": 100, "is_encoder_decoder": True, "feed_forward_proj": "gated-gelu"}
MODEL_CONFIG = {
    "bert": to_json(BERT),
    "gpt2": to_json(GPT2),
    "llama": to_json(LLAMA),
    "qwen2": to_json({**LLAMA, "model_type": "qwen2", "rope_scaling": None, "sliding_window": 64}),
    "mistral": to_json({**LLAMA, "model_type": "mistral", "rope_scaling": {"type": "linear", "factor": 2}}),
    "t5": to_json({**T5, "tie_word_embeddings": False, "relative_attention_max_distance": 64, "n_positions": 32}),
    "relu": to_json({**BERT, "hidden_act": "relu", "num_labels": 2}),
    "largest": to_json({**LLAMA, "vocab_size": 1 << 24, "hidden_size": 1 << 16, "num_hidden_layers": 1024,
                        "num_attention_heads": 1 << 16, "num_key_value_heads": 1 << 16, "intermediate_size": 1 << 18,
                        "max_position_embeddings": 1 << 20}),
    "names": to_json({**GPT2, "hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 32}),
    "kinds": to_json({**LLAMA, "model_type": "qwen2", "sliding_window": 16, "use_sliding_window": True, "max_window_layers": 0,
                      "layer_types": ["sliding_attention", "full_attention"]}),
    "rotations": to_json({**LLAMA, "rope_parameters": {"rope_type": "linear", "type": "linear", "factor": 2, "rope_theta": 1e4}}),
    "codes": to_json({**LLAMA, "architectures": ["LlamaForCausalLM"], "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}),
    "gates": to_json({**T5, "dense_act_fn": "gelu_new", "is_gated_act": False, "architectures": ["T5EncoderModel"]}),
    "list": b"[1]",
    "deep": b"{\"a\":" + b"[" * 200,
    "twice": b"{\"a\":1,\"a\":2}",
}


def with_weights(config, shapes):
    """A config.json and the tensors of these shapes beside it."""
    def values(shape):
        count = 1
        for n in shape:
            count *= n
        return f32(*(i % 7 / 4 - 0.75 for i in range(count)))
    return parts(to_json(config), safetensors({name: ("F32", list(shape), values(shape)) for name, shape in shapes.items()}))


def with_bias(*names, sizes=(2, 2)):
    """Shapes of linear layers (outputs, inputs) with their biases."""
    out, inner = sizes
    return {**{n + ".weight": (out, inner) for n in names}, **{n + ".bias": (out,) for n in names}}


def norms(*names):
    return {n + end: (2,) for n in names for end in (".weight", ".bias")}


TINY = {"vocab_size": 3, "hidden_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 4,
        "max_position_embeddings": 4}
AT = "bert.encoder.layer.0."
BERT_WEIGHTS = {
    "bert.embeddings.word_embeddings.weight": (3, 2), "bert.embeddings.position_embeddings.weight": (4, 2),
    "bert.embeddings.token_type_embeddings.weight": (2, 2), **norms("bert.embeddings.LayerNorm"),
    **with_bias(AT + "attention.self.query", AT + "attention.self.key", AT + "attention.self.value", AT + "attention.output.dense",
                "bert.pooler.dense", "classifier"),
    **norms(AT + "attention.output.LayerNorm", AT + "output.LayerNorm"), **with_bias(AT + "intermediate.dense", sizes=(4, 2)),
    **with_bias(AT + "output.dense", sizes=(2, 4))}
GPT2_WEIGHTS = {
    "wte.weight": (3, 2), "wpe.weight": (4, 2), **norms("h.0.ln_1", "h.0.ln_2", "ln_f"),
    "h.0.attn.c_attn.weight": (2, 6), "h.0.attn.c_attn.bias": (6,), **with_bias("h.0.attn.c_proj"),
    "h.0.mlp.c_fc.weight": (2, 8), "h.0.mlp.c_fc.bias": (8,), "h.0.mlp.c_proj.weight": (8, 2), "h.0.mlp.c_proj.bias": (2,)}
AT = "model.layers.0."
LLAMA_WEIGHTS = {
    "model.embed_tokens.weight": (3, 2), "model.norm.weight": (2,), AT + "input_layernorm.weight": (2,),
    AT + "post_attention_layernorm.weight": (2,), **{AT + "self_attn." + p + "_proj.weight": (2, 2) for p in "qkvo"},
    AT + "mlp.gate_proj.weight": (4, 2), AT + "mlp.up_proj.weight": (4, 2), AT + "mlp.down_proj.weight": (2, 4)}
PHI_WEIGHTS = {
    "model.embed_tokens.weight": (3, 2), **norms("model.final_layernorm", AT + "input_layernorm"),
    **with_bias(*(AT + "self_attn." + p for p in ("q_proj", "k_proj", "v_proj", "dense"))), **with_bias(AT + "mlp.fc1", sizes=(4, 2)),
    **with_bias(AT + "mlp.fc2", sizes=(2, 4)), **with_bias("lm_head", sizes=(3, 2))}
AT = "gpt_neox.layers.0."
NEOX_WEIGHTS = {
    "gpt_neox.embed_in.weight": (3, 2), "embed_out.weight": (3, 2),
    **norms("gpt_neox.final_layer_norm", AT + "input_layernorm", AT + "post_attention_layernorm"),
    **with_bias(AT + "attention.query_key_value", sizes=(6, 2)), **with_bias(AT + "attention.dense"),
    **with_bias(AT + "mlp.dense_h_to_4h", sizes=(4, 2)), **with_bias(AT + "mlp.dense_4h_to_h", sizes=(2, 4))}
T5_WEIGHTS = {"shared.weight": (3, 2)}
for side, layers in (("encoder", ("SelfAttention",)), ("decoder", ("SelfAttention", "EncDecAttention"))):
    T5_WEIGHTS[side + ".final_layer_norm.weight"] = (2,)
    T5_WEIGHTS[side + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (4, 1)
    for number, attention in enumerate(layers + ("DenseReluDense",)):
        AT = side + ".block.0.layer.%d." % number
        T5_WEIGHTS[AT + "layer_norm.weight"] = (2,)
        for name, shape in ({"wi": (4, 2), "wo": (2, 4)} if attention == "DenseReluDense" else dict.fromkeys("qkvo", (2, 2))).items():
            T5_WEIGHTS[AT + attention + "." + name + ".weight"] = shape
NEOX = {"model_type": "gpt_neox", **TINY, "rotary_pct": 1.0, "hidden_act": "gelu", "use_parallel_residual": False}
MODEL_CONFIG.update({
    "neox": to_json({**NEOX, "rotary_pct": 0.25, "hidden_size": 16, "tie_word_embeddings": True, "attention_bias": False,
                     "rope_parameters": {"partial_rotary_factor": 0.5}}),
    "phi": to_json({**BERT, "model_type": "phi", "architectures": ["PhiForCausalLM"], "hidden_act": "gelu_new", "partial_rotary_factor": 0.5, "num_key_value_heads": 2}),
    "bert_weights": with_weights({**BERT, **TINY}, BERT_WEIGHTS),
    "gpt2_weights": with_weights({"model_type": "gpt2", "vocab_size": 3, "n_embd": 2, "n_layer": 1, "n_head": 1, "n_positions": 4},
                                 GPT2_WEIGHTS),
    "llama_weights": with_weights({**LLAMA, **TINY, "rope_scaling": None}, LLAMA_WEIGHTS),
    "phi_weights": with_weights({"model_type": "phi", **TINY, "partial_rotary_factor": 1.0}, PHI_WEIGHTS),
    "neox_weights": with_weights(NEOX, NEOX_WEIGHTS),
    "t5_weights": with_weights({"model_type": "t5", "d_model": 2, "num_layers": 1, "num_heads": 1, "d_kv": 2, "d_ff": 4, "vocab_size": 3,
                                "is_encoder_decoder": True, "relative_attention_num_buckets": 4}, T5_WEIGHTS),
    "lost_weight": with_weights(NEOX, {**NEOX_WEIGHTS, "gpt_neox.layers.1.input_layernorm.bias": (2,)}),
    "unread_weight": with_weights({**LLAMA, **TINY, "rope_scaling": None},
                                  {**LLAMA_WEIGHTS, "model.layers.0.self_attn.q_norm.weight": (2,)}),
    "unspoken_bias": with_weights({**NEOX, "attention_bias": False}, NEOX_WEIGHTS),
    "buffers": with_weights({"model_type": "gpt2", "vocab_size": 3, "n_embd": 2, "n_layer": 1, "n_head": 1, "n_positions": 4},
                            {**GPT2_WEIGHTS, "h.0.attn.bias": (1, 1, 4, 4), "h.0.attn.masked_bias": (), "lm_head.weight": (3, 2)}),
    "huge_weights": parts(to_json({**LLAMA, "vocab_size": 1 << 24, "hidden_size": 1 << 16}),
                          safetensors({"model.embed_tokens.weight": ("F32", [3, 2], f32(1, 2, 3, 4, 5, 6))})),
})
NETWORK = {
    "bert": to_json(BERT),
    "gpt2": to_json(GPT2),
    "llama": to_json(LLAMA),
    "experts": to_json({**LLAMA, "model_type": "mixtral", "num_local_experts": 8, "num_experts_per_tok": 2,
                        "moe_layer_freq": [0, 1], "mlp_only_layers": [0]}),
    "latent": to_json({**LLAMA, "model_type": "deepseek_v3", "kv_lora_rank": 4, "q_lora_rank": 4, "qk_nope_head_dim": 4,
                       "qk_rope_head_dim": 2, "v_head_dim": 4, "n_routed_experts": 4, "n_shared_experts": 1,
                       "num_experts_per_tok": 2, "first_k_dense_replace": 1, "moe_intermediate_size": 8}),
    "windows": to_json({**LLAMA, "model_type": "gemma3", "sliding_window": 8,
                        "layer_types": ["sliding_attention", "full_attention"]}),
    "t5": to_json(T5),
    "albert": to_json({**BERT, "model_type": "albert", "inner_group_num": 2, "num_hidden_groups": 1,
                       "embedding_size": 4}),
    "inside": to_json({"model_type": "llava", "text_config": LLAMA, "vision_config": {}}),
    "mpt": to_json({"model_type": "mpt", "d_model": 8, "n_layers": 2, "n_heads": 2, "expansion_ratio": 4,
                    "attn_config": {"kv_n_heads": 1}, "vocab_size": 10}),
    "dbrx": to_json({"model_type": "dbrx", "d_model": 8, "n_layers": 2, "n_heads": 2, "vocab_size": 10,
                     "ffn_config": {"moe_num_experts": 4, "moe_top_k": 2, "ffn_hidden_size": 8}}),
    "largest": to_json({"model_type": "llama", "hidden_size": 1 << 20, "num_hidden_layers": 4096,
                        "num_attention_heads": 1 << 20, "intermediate_size": 1 << 20, "vocab_size": 1 << 24}),
    "mamba": to_json({"model_type": "mamba", "hidden_size": 8, "num_hidden_layers": 2}),
}

# --- tokenizers

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b", "##c", "the", "cat", "##s", ".", "\u4e2d"]


def wordpiece_json(**changes):
    return to_json({"normalizer": {"type": "BertNormalizer", "lowercase": True, "strip_accents": None},
                    "pre_tokenizer": {"type": "BertPreTokenizer"},
                    "post_processor": {"type": "TemplateProcessing", "single": [
                        {"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                        {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]},
                    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                              "vocab": {piece: i for i, piece in enumerate(VOCABULARY)}}, **changes})


WORDPIECE = {
    "plain": parts("\n".join(VOCABULARY), "{}", "The cats, abc. caf\u00e9 \u4e2d\u6587"),
    "cased": parts("\n".join(VOCABULARY) + "\n", to_json({"do_lower_case": False, "strip_accents": True,
                   "tokenize_chinese_chars": False, "model_max_length": 1e30, "unk_token": {"content": "[UNK]"}}), "cat"),
    "long": parts("\r\n".join(VOCABULARY), to_json({"model_max_length": 8}), "a " * 100 + "x" * 300),
    "twice": parts("[UNK]\n[CLS]\n[SEP]\na\na", "{}", "a"),
    "missing": parts("a\nb", "{}", ""),
    "marks": parts("\n".join(VOCABULARY), "{}", b"\xff\xfe \xcc\x81a\xcc\x81\xcc\x88"),
    "json": parts("", "", "The cats, abc. caf\u00e9", wordpiece_json()),
    "bert_processing": parts("", "", "The cats", wordpiece_json(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3],
                             "cls": ["[CLS]", 2]}, truncation={"max_length": 5})),
    "blank_lines": parts("\n" * 1000, "{}", "a"),
    "blank_line": parts("\n".join(VOCABULARY) + "\n\na2", "{}", "a"),
    "byte_order_mark": parts("\ufeff" + "\n".join(VOCABULARY), "{}", "a"),
    "left": parts("\n".join(VOCABULARY), to_json({"truncation_side": "left"}), "a"),
    "json_left": parts("", "", "a", wordpiece_json(truncation={"max_length": 5, "direction": "Left"})),
    "json_left_beside": parts("", to_json({"truncation_side": "left"}), "a", wordpiece_json()),
    "other_id": parts("", "", "a", wordpiece_json(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 3]})),
    "template_id": parts("", "", "a", wordpiece_json(post_processor={"type": "TemplateProcessing", "single": [
        {"SpecialToken": {"id": "[CLS]"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "[SEP]"}}],
        "special_tokens": {"[CLS]": {"ids": [2]}, "[SEP]": {"ids": [4]}}})),
    "gaps": parts("", "", "a", wordpiece_json(model={"type": "WordPiece", "vocab": {"[UNK]": 1, "[CLS]": 9, "[SEP]": 7, "a": 70000}})),
    "long_word": parts("", "", "x" * 300, wordpiece_json(model={"type": "WordPiece", "max_input_chars_per_word": 256,
                       "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "x": 3, "##" + "x" * 40: 4}})),
}


def tokenizer(model, **others):
    return to_json({"version": "1.0", "model": {"type": "BPE", **model}, **others})


BYTES = {"<0x%02X>" % b: 3 + b for b in range(256)}
TOKENIZER_JSON = {
    "bytes": parts(tokenizer({"vocab": {"a": 0, "b": 1, "ab": 2, "\u0120": 3, "\u0120a": 4},
                              "merges": ["a b", ["\u0120", "a"]]},
                             pre_tokenizer={"type": "ByteLevel", "add_prefix_space": False, "use_regex": True},
                             added_tokens=[{"id": 5, "content": "<|end|>", "special": True}]), "ab a ba<|end|>zz 12"),
    "marks": parts(tokenizer({"vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, **BYTES, "\u2581": 259, "a": 260, "\u2581a": 261},
                              "merges": ["\u2581 a"], "byte_fallback": True, "unk_token": "<unk>", "fuse_unk": True},
                             normalizer={"type": "Sequence", "normalizers": [
                                 {"type": "Prepend", "prepend": "\u2581"},
                                 {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]},
                             post_processor={"type": "TemplateProcessing", "single": [
                                 {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                                 "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}), "a \u4e2d"),
    "composed": parts(tokenizer({"vocab": {"a": 0}, "merges": [], "ignore_merges": True}, normalizer={"type": "NFC"},
                                pre_tokenizer={"type": "Sequence", "pretokenizers": [
                                    {"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated", "invert": False},
                                    {"type": "ByteLevel", "use_regex": False}]}), "e\u0301"),
    "far": parts(tokenizer({"vocab": {"a": 4194303}, "merges": []}), "a"),
    "negative": parts(tokenizer({"vocab": {"a": -1}, "merges": []}), "a"),
    "template": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor={"type": "TemplateProcessing",
                      "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {"x": {"ids": [-1, 1e30, "a"]}}}), "a"),
    "repeated": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor={"type": "TemplateProcessing",
                      "single": [{"SpecialToken": {"id": "x"}}] * 100, "special_tokens": {"x": {"ids": [0] * 100}}}), "a"),
    "added": parts(tokenizer({"vocab": {"a": 0, "z": 1}, "merges": []}, added_tokens=[
                   {"id": i % 3, "content": c} for i, c in enumerate(["z", "zz", "az", "z", "zzzz", "a"])]), "zzzaz zzzz az"),
    "added_many": parts(tokenizer({"vocab": {"a": 0, "z": 1}, "merges": []}, added_tokens=[
                        {"id": i, "content": c} for i, c in ((1, "z"), (2, "zz"), (3, "az"), (1, "z"), (2, "zzzz"), (0, "a"))]), "zzzaz zzzz az"),
    "added_other_id": parts(tokenizer({"vocab": {"a": 0, "z": 1}, "merges": []}, added_tokens=[{"id": 2, "content": "z"}]), "z"),
    "added_id_of_another": parts(tokenizer({"vocab": {"a": 0, "z": 1}, "merges": []}, added_tokens=[{"id": 1, "content": "y"}]), "z"),
    "added_two_ids": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, added_tokens=[{"id": 1, "content": "y"}, {"id": 2, "content": "y"}]), "y"),
    "flag_text": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, pre_tokenizer={"type": "ByteLevel", "add_prefix_space": "false"}), "a"),
    "roberta": parts(tokenizer({"vocab": {"<s>": 0, "</s>": 1, "a": 2}, "merges": []}, post_processor={
                     "type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}), "a"),
    "roberta_other_id": parts(tokenizer({"vocab": {"<s>": 0, "</s>": 1, "a": 2}, "merges": []}, post_processor={
                              "type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 2]}), "a"),
    "nonsense": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor="Nonsense"), "a"),
    "numbers": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, post_processor=[1, 2]), "a"),
    "unigram_table": parts(to_json({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -3.0]]},
                           "normalizer": {"type": "Precompiled", "precompiled_charsmap": 7},
                           "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581"}}), "a"),
    "unigram_in_front": parts(to_json({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -3.0]]},
                              "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581"}, "post_processor": {
                                  "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "a"}}, {"Sequence": {"id": "A"}}]}}), "a"),
    "pair": parts(tokenizer({"vocab": {"a": 0}, "merges": ["a  a"]}), "a"),
    "digits": parts(tokenizer({"vocab": {"a": 0, "1": 1, "2": 2, "12": 3, "\u0120": 4}, "merges": ["1 2"]},
                              pre_tokenizer={"type": "Sequence", "pretokenizers": [
                                  {"type": "Digits", "individual_digits": True},
                                  {"type": "ByteLevel", "add_prefix_space": False}]}), "a 12\u0664a1"),
    "settings": parts(tokenizer({"vocab": {"a": 0, "<s>": 1, "</s>": 2}, "merges": []}, pre_tokenizer={"type": "ByteLevel"}), "a", to_json({
                      "tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "bos_token": {"content": "<s>"},
                      "add_eos_token": True, "eos_token": "</s>", "add_prefix_space": False})),
    "settings_space": parts(tokenizer({"vocab": {"a": 0}, "merges": []}, pre_tokenizer={"type": "ByteLevel"}), "a", to_json({
                            "tokenizer_class": "GPT2TokenizerFast", "add_prefix_space": True, "add_bos_token": True, "bos_token": 7})),
    "unigram_first": parts(to_json({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["\u2581", -1], ["a\u2581a", -3.0]]},
                           "normalizer": {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
                           "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first"}}), " a  a "),
    "unigram": parts(to_json({"model": {"type": "Unigram", "unk_id": 1, "vocab": [["</s>", 0], ["<unk>", 0],
                     ["\u2581", -2.0], ["a", -3.0], ["\u2581a", -4.5], ["aa", -5.5]]},
                     "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always"},
                     "added_tokens": [{"id": 0, "content": "</s>", "special": True},
                                      {"id": 6, "content": "<x>", "special": True}]}), "aa a<x>b </s>"),
}


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3) + varint(value)


def piece(text, score=0.0, kind=1):
    return field(1, field(1, text.encode()) + field(2, score) + field(3, kind))


PIECES = piece("<unk>", kind=2) + piece("<s>", kind=3) + b"".join(
    piece(p, -float(i)) for i, p in enumerate(["\u2581", "a", "b", "ab", "\u2581ab"]))
BPE = field(2, field(3, 2))
TRIE = struct.pack("<256I", *[(i * 2654435761) & 0xffffffff for i in range(256)])
SENTENCEPIECE = {
    "bpe": parts(PIECES + BPE + field(3, field(3, 1) + field(4, 1) + field(5, 1)), "ab  ab \u4e2d"),
    "bare": parts(PIECES + BPE + field(3, field(3, 0) + field(4, 0)), " ab "),
    "table": parts(PIECES + BPE + field(3, field(2, struct.pack("<I", 1024) + TRIE + b"x\0y\0")), "aaaabbbb"),
    "growth": parts(PIECES + BPE + field(3, field(2, struct.pack("<I", 1024) + TRIE + b"x" * 300 + b"\0")), "aaaabbbb"),
    "unigram": parts(PIECES + field(2, field(3, 1)), "a"),
    "fallback": parts(PIECES + field(2, field(3, 2) + field(35, 1)), "a"),
    "beyond": parts(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", ""),
    "endless": parts(b"\xff" * 12, ""),
}
UNIGRAM = {
    "plain": parts(to_json([["<%d>" % i, 0] for i in range(6)] + [["\u2581", -1], ["a", -2], ["\u2581a", -1.5], ["b", None]]),
                   "a ab \ufb01"),
    "few": parts("[[\"a\",0]]", "a"),
    "infinite": parts("[[\"a\",1e999]]", "a"),
    "long_piece": parts(to_json([["<%d>" % i, 0] for i in range(6)] + [["a" * 300, -1]]), "a" * 400),
    "deep": parts("[" * 2000, "a"),
    "not_utf8": parts(to_json([["<%d>" % i, 0] for i in range(7)]), b"a\xff"),
}

DATASET = {
    "labels": b"\xef\xbb\xbf0\ta text\r\n1\tanother\n",
    "pairs": b"a\tquery\tdocument\nb\tquery\tdocument",
    "lines": b"one\n\ntwo\n",
    "label": b"18446744073709551616\ttext",
    "bytes": b"0\t\xff",
    "twice": b"a\tb\tc\na\tb\tc",
    "blank": b"\n\n \n",
    "clips": b"a.wav\tOne, two.\nsub/b.wav\t\ntexts.tsv\titself",
    "outside": b"/etc/passwd\thello\n",
    "above": b"sub/../../a.wav\thello\n",
    "nul": b"a\0b.wav\thello\n",
    "translations": "one\tuna\ntwo\tdu\u00e9\n".encode(),
    "pieces": "<unk>\n<s>\n<0x41>\n\u2581a\n<x>\n\n".encode(),
}

# --- tables

BOOK = "area,adc,1500 um2,table,Kull 2013\n# a remark\n\nstatic_power,adc,2 mW,fit,own\nenergy,adc.convert,2 pJ,regression,a, b\n"
PRICE_BOOK = {
    "book": BOOK.encode(),
    "unit": b"area,adc,1 J,table,x",
    "number": b"energy,a.b,1e999 J,table,x\nenergy,a.b,-1 J,table,x",
    "twice": b"energy,a.b,1 J,table,x\nenergy,a.b,1 J,table,x",
    "no_source": b"energy,a.b,1 J,table,",
    "kind": b"colour,a,1 J,table,x",
    "origin": b"area,a,1 um2,guess,x",
}
STATES = {
    "states": b"conductance_uS,spread_uS\n1,0.1\n2,0.2\n",
    "all": b"\xef\xbb\xbfdrift_exponent, spread_uS ,conductance_uS,drift_spread\r\n0.1,1,1,0.01\r\n0.1,1,2,0.01\r\n",
    "order": b"conductance_uS,spread_uS\n2,0\n1,0\n",
    "column": b"conductance_S,spread_uS\n",
    "gap": b"conductance_uS,spread_uS\n1,\n",
    "more": b"conductance_uS,spread_uS\n1,2,3\n",
    "number": b"conductance_uS,spread_uS\n1e999,nan\n",
    "one": b"conductance_uS,spread_uS\n1,1\n",
}
SETTINGS = {
    "several": b"adc.bits=8\nweights.slices=2,2,2,2\ncell.r_on=40 kohm\ncell.r_off=inf ohm\nadc.range=percentile\n",
    "units": b"cell.r_on=40 kS\ncell.retention.age=86400 s\ncell.r_on=-1 ohm\ncell.r_on=1e999 ohm",
    "unknown": b"adc.bit=8\nadc.bits\n=8\nadc.bits=",
    "lists": b"weights.slices=\nweights.slices=,\nweights.slices=99999999999999999999",
    "device": b"cell.device=pcm_nandakumar\ncell.device=none such\ncell.states=/dev/null",
}


def price(name, value, kind=3, origin=0, source=b"somewhere"):
    return struct.pack("<IIIId64s256s", 344, kind, origin, 0, value, name, source)


PLUGIN_PRICES = {
    "two": price(b"adc.convert", 2e-12) + price(b"adc", 1e-9, 1),
    "line_end": price(b"adc\nenergy", 1.0) + price(b"adc", 1.0, source=b"a\nb"),
    "remark": price(b"#adc", 1.0),
    "comma": price(b"a,b", 1.0),
    "nan": price(b"a", float("nan")),
    "zeros": bytes(344),
}
COST_TABLE = {
    "toml": parts('[area.adc]\nvalue = "1500 um2"\norigin = "table"\nsource = "Kull 2013"\n'
                  '[energy."adc.convert"]\nvalue = "2 pJ"\norigin = "fit"\nsource = "own"\n', "file=a.toml"),
    "csv": parts(BOOK, "file=a;file=b;"),
    "deep": parts("a = " + "[" * 300, "file"),
    "dotted": parts("a." * 300 + "a = 1", "x=1"),
    "lines": parts('[area.adc]\nvalue = "1 um2\\narea"\norigin = "table"\nsource = "x"', ""),
}
ERT = """ERT:
  version: 0.4
  tables:
    - name: system.chip.adc[1..128]
      actions:
        - {name: convert, arguments: {}, energy: 2.5}
    - name: system.chip.dac
      actions: [{name: drive, energy: 0.1}]
"""
ART = """ART:
  version: 0.4
  tables:
    - {name: system.chip.adc, area: 1500}
"""
ACCELERGY = {
    "both": parts(ERT, ART),
    "aliases": parts("ERT: {tables: [&a {name: a, actions: &b [{name: x, energy: 1}]}, *a, {name: c, actions: *b}]}", ""),
    "bomb": parts("a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nERT: {tables: *c}", ""),
    "itself": parts("ERT: &a {tables: [*a]}", ""),
    "deep": parts("[" * 600, "{" * 600),
    "names": parts('ERT: {tables: [{name: "a\\nb", actions: [{name: "c,d", energy: .inf}]}]}', "ART: {tables: [{name: , area: 1}]}"),
    "negative": parts("ERT: {tables: [{name: a, actions: [{name: b, energy: -1}]}]}", "ART: 1"),
}

# --- the program

COMMAND_LINE = {
    "deploy": b"deploy\n--model\nm\n--data\nd\n--set\nadc.bits=6\n--limit\n3\n--json\n-",
    "cost": b"cost\n--model\nbert_large\n--decode\n16\n--compare\nisaac,a100\n--sensitivity",
    "mvm": b"mvm\n--weights\nw.npy\n--inputs\nx.npy\n--output\ny.npy\n--seed\n18446744073709551615",
    "solve": b"solve\n--conductances\ng\n--voltages\nv\n--output\ni\n--r-word\n1e999\n--two-sided",
    "sweep": b"sweep\n--spec\ns.toml\n--shard\n1/2",
    "merge": b"sweep\nmerge\na\nb\n--output\nc",
    "generate": b"generate\n--model\nm\n--prompt\n\n--temperature\n1e5",
    "plugin": b"plugin\ncheck\n./a.so\n--plugin\nx\n--plugin-timeout\n0",
    "list": b"list\ndevices",
    "help": b"--help",
    "version": b"--version",
    "reproduce": b"reproduce\n--only\nT\n--threads\n-1",
    "calibrate": b"calibrate\n--model\nm\n--config\n/dev/null",
    "nothing": b"",
}
SETTINGS_FILE = {
    "chip": b'chip = "wang2024"\nname = "mine"\n[adc]\nbits = 6\n[range]\nrule = "percentile"\n',
    "in_situ": b'chip = "isaac"\n[weights]\nslices = [2, 2, 2, 2]\n[cell]\nr_on = "40 kohm"\n',
    "plugin": b'[plugin]\nfiles = ["./a.so"]\n',
    "types": b'[adc]\nbits = "6"\n[range]\nrule = 1979-05-27\n',
    "mixed": b'a = [1, "x"]\nb = [[1]]\n',
    "deep": b"a = " + b"[" * 300 + b"]" * 300,
    "tables": b"[" + b"a." * 500 + b"a]\nx = 1",
    "dotted": b"a." * 500 + b"a = 1",
    "inline": b"a = " + b"{a = " * 300,
    "escapes": b'"\\u0000\\u001b[31m" = "\\u0007"\n',
    "twice": b'"adc.bits" = 6\n[adc]\nbits = 8\n',
}
OPERATIONS = ("A1 A2 A3 A4 A5 A6 A7 A.L1 A.L2 B1 B2 B.L1 B.L2 L1 L2 pooler classifier input A.residual mean lm_head embedding gate "
              "convolution router").split()
SITES = {at + op: 0 for at in ("embeddings.", "layer.0.", "") for op in OPERATIONS}  # of a model of one layer
def kept_ranges(data=None, again=None, header={}, **chip):
    """A kept calibration of one chip, changed; again: changes of a second entry; header: of what is around the chips."""
    one = {"id": "wang2024", "settings": ["adc.bits=8"], "largest": {**SITES, "layer.0.A1": 2}, "softmax_full_scale": {"1": 3.0},
           "full_scales": {"layer.0.A1": [1.0]}, **chip}
    return to_json({"schema": 1, "command": "calibrate", "model_digest": "1", "text_digests": ["0123456789abcdef"], "data": data,
                    "chips": [one] if again is None else [one, {**one, **again}], **header})


CALIBRATION = {
    "score": kept_ranges(softmax_full_scale={"1": -5.0, "0": 0}),
    "two": kept_ranges(again={"settings": []}),
    "data_text": kept_ranges("hello"),
    "data_list": kept_ranges([1]),
    "data_path": kept_ranges({"path": 1}),
    "chip_twice": kept_ranges(again={"full_scales": {"layer.0.A1": [9.0]}}),
    "contradiction": kept_ranges(again={"settings": [], "largest": {**SITES, "layer.0.A1": 9}}),
    "no_ranges": kept_ranges(largest=SITES),
    "no_site": kept_ranges(largest={s: 1 for s in SITES if s != "layer.0.A3"}),
    "tiny": kept_ranges(largest={**SITES, "layer.0.A1": 1e-40}),
    "large": kept_ranges(full_scales={"layer.0.A1": [3e38]}),
    "block_01": kept_ranges(softmax_full_scale={"01": 3.0}),
    "block_1x": kept_ranges(softmax_full_scale={"1x": 3.0}),
    "one": kept_ranges({"n": 1}, header={"text_digests": ["fedcba9876543210", "0123456789abcdef"]},
                       largest={**SITES, "embeddings.L1": 1.5, "layer.0.A1": 2}, full_scales={"layer.0.A1": [1.0, 2.0]}),
    "site": kept_ranges(largest={"x": 1}),
    "block": kept_ranges(softmax_full_scale={"18446744073709551616": 1, "-1": 1, "x": 1}),
    "zero": kept_ranges(full_scales={"layer.0.A1": [1e-50]}),
    "types": kept_ranges(settings=[1]),
    "schema": kept_ranges(header={"schema": 2}),
    "command": kept_ranges(header={"command": "deploy"}),
    "no_digests": kept_ranges(header={"text_digests": []}),
    "digest": kept_ranges(header={"text_digests": ["0123456789abcdeg"]}),
}
RUN = {"arguments": ["cost", "--model", "gpt2", "--json=r.json"], "folder": "/tmp"}
RECORDED_RUN = {
    "whole": to_json({"command": "cost", "stamp": {"hash": "0", "files": [{"path": "a", "bytes": 1, "digest": "b"}]}, "run": RUN}),
    "sweep": to_json({"command": "sweep", "output": "s.sqlite", "stamp": {"files": []},
                      "run": {**RUN, "arguments": ["sweep", "--spec", "s.toml", "--prompt", "--json"]}}),
    "output": to_json({"command": "sweep", "output": 1, "stamp": {"files": []}, "run": {**RUN, "arguments": ["sweep"]}}),
    "itself": to_json({"command": "verify", "stamp": {"files": []}, "run": {**RUN, "arguments": ["verify", "r.json"]}}),
    "option": to_json({"command": "x", "stamp": {"files": []}, "run": {**RUN, "arguments": ["--help"]}}),
    "key_twice": b'{"command": "cost", "stamp": {"files": []}, "run": {"arguments": ["cost"], "folder": "/tmp", "folder": "/"}}',
    "zero": to_json({"command": "x", "stamp": {"files": []}, "run": {**RUN, "arguments": ["cost", "a\0b"]}}),
    "types": to_json({"command": 1, "stamp": [], "run": {"arguments": {}, "folder": 2}}),
    "deep": b'{"command": ' + b"[" * 99 + b"]" * 99 + b"}",
    "cut": b'{"command": "cost"',
}
SWEEP_SPEC = {
    "lost_step": b'model = "gpt2"\n[vary]\ncost.duplication = {from = 1e300, to = 1e300, step = 1}\n[objectives]\narea = "min"\n',
    "small_step": b'model = "gpt2"\n[vary]\ncost.duplication = {from = 1e16, to = 1e16, step = 1e-9}\n[objectives]\narea = "min"\n',
    "grid": b'kind = "cost"\nmodel = "bert_large"\n[vary]\nadc.bits = [4, 6]\ncost.duplication = {from = 16, to = 64, steps = 3, log = true}\n'
            b'[objectives]\narea = "min"\nedp = "min"\n[constraints]\narea = "<= 2000"\n',
    "sobol": b'model = "gpt2"\n[sample]\nmethod = "sobol"\npoints = 100\n[set]\nreport.prices = "bottom_up"\n[vary]\nchip = ["wang2024", "wang2024_published"]\n'
             b'adc.bits = {from = 3, to = 12}\ncost.cycle = {from = "20 ns", to = "200 ns", log = true}\n[objectives]\narea = "min"\n',
    "deploy": b'kind = "deploy"\nmodel = "m"\ndata = "d"\nlimit = 3\n[vary]\nadc.bits = [4]\n[objectives]\nagreement = "max"\n',
    "many": b'model = "gpt2"\n[vary]\nadc.bits = {from = 1, to = 16, step = 1e-9}\n[objectives]\narea = "min"\n',
    "steps": b'model = "gpt2"\n[vary]\ncost.duplication = {from = 1, to = 9223372036854775807, steps = 9223372036854775807}\n[objectives]\narea = "min"\n',
    "points": b'model = "gpt2"\n[sample]\nmethod = "random"\npoints = 9223372036854775807\n[vary]\nadc.bits = {from = inf, to = nan}\n[objectives]\narea = "min"\n',
    "backwards": b'model = "gpt2"\n[vary]\nadc.bits = {from = 12, to = 3}\n[constraints]\narea = ">= x"\n[objectives]\ncolour = "min"\n',
    "deep": b"[vary]\na = " + b"[" * 300,
    "values": b'model = "gpt2"\n[sample]\nmethod = "sobol"\npoints = 2\n[vary]\n' + b"".join(
        b"%s = {from = 1, to = 10000000, steps = 10000000}\n" % k for k in (b"tokens", b"decode", b"batch", b"cost.adc_bits", b"cost.duplication")),
    "infinite": b'model = "gpt2"\n[vary]\nadc.bits = [4]\n[constraints]\narea = "<= inf"\n',
    "value_twice": b'model = "gpt2"\n[vary]\nadc.bits = [4, 4]\n[objectives]\narea = "min"\n',
    "key_twice": b'model = "gpt2"\n[vary]\n"adc.bits" = [4]\nadc.bits = [5]\n[objectives]\narea = "min"\n',
    "set_and_varied": b'model = "gpt2"\n[set]\nadc.bits = 5\n[vary]\nadc.bits = [4]\n[objectives]\narea = "min"\n',
    "set_chip": b'model = "gpt2"\n[set]\nchip = "isaac"\n[vary]\nadc.bits = [4]\n[objectives]\narea = "min"\n',
}


def sweep_file(change=None, pragma="PRAGMA application_id=0x4f484d53; PRAGMA user_version=1;"):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "x")
        db = sqlite3.connect(name)
        db.executescript("PRAGMA page_size=512;" + pragma + """
            CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
            CREATE TABLE points(point INTEGER PRIMARY KEY, status TEXT NOT NULL, error TEXT, "adc.bits", "area" REAL);
            INSERT INTO meta VALUES('identity', '{"kind":"cost","points":2}'), ('keys', '["adc.bits"]'), ('metrics', '["area"]');
            INSERT INTO points VALUES(0, 'done', NULL, 4, 1.5), (1, 'failed', 'too small', '5', NULL);""")
        db.executescript(change or "")
        db.close()
        with open(name, "rb") as file:
            return file.read()


SWEEP_STORE = {
    "two": sweep_file(),
    "columns": sweep_file("UPDATE meta SET value = '[\"a\",\"b\"]' WHERE key = 'keys';"),
    "broken": sweep_file("UPDATE meta SET value = '[[[' WHERE key = 'metrics';"),
    "blob": sweep_file("UPDATE points SET \"area\" = x'00ff', point = -1 WHERE point = 0;"),
    "schema": sweep_file(pragma="PRAGMA application_id=0x4f484d53; PRAGMA user_version=9;"),
    "goals": sweep_file("INSERT INTO points VALUES(2, 'done', NULL, '\"x', 0.5); UPDATE meta SET value = '{\"points\":4}' WHERE key = "
                        "'identity'; INSERT INTO meta VALUES('goals', '{\"objectives\":[{\"metric\":\"area\",\"goal\":\"min\"}],"
                        "\"constraints\":[{\"metric\":\"area\",\"side\":\"<=\",\"bound\":1}]}');"),
    "goal": sweep_file("INSERT INTO meta VALUES('goals', '{\"objectives\":[{\"metric\":\"colour\",\"goal\":\"min\"}],\"constraints\":[]}');"),
    "view": sweep_file("DROP TABLE points; CREATE VIEW points AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                       "SELECT x AS point, 'done' AS status, NULL AS error, 1 AS \"adc.bits\", 1.0 AS \"area\" FROM c;"),
    "trigger": sweep_file("CREATE TRIGGER t AFTER INSERT ON points BEGIN DELETE FROM points; END;"),
    "metric_text": sweep_file("UPDATE points SET \"area\" = 'abc' WHERE point = 0;"),
    "metric_blob": sweep_file("UPDATE points SET \"area\" = x'00ff' WHERE point = 0;"),
    "metric_infinite": sweep_file("UPDATE points SET \"area\" = -9e999 WHERE point = 0;"),
    "metric_null": sweep_file("UPDATE points SET \"area\" = NULL WHERE point = 0;"),
    "value_blob": sweep_file("UPDATE points SET \"adc.bits\" = x'3c1b' WHERE point = 0;"),
    "failed_without_error": sweep_file("UPDATE points SET status = 'failed' WHERE point = 0;"),
    "done_with_error": sweep_file("UPDATE points SET status = 'done' WHERE point = 1;"),
    "columns_swapped": sweep_file("ALTER TABLE points RENAME COLUMN \"area\" TO x; ALTER TABLE points RENAME COLUMN \"adc.bits\" TO \"area\"; "
                                  "ALTER TABLE points RENAME COLUMN x TO \"adc.bits\";"),
    "point_twice": sweep_file("CREATE TABLE p AS SELECT * FROM points; INSERT INTO p SELECT * FROM points; DROP TABLE points; ALTER TABLE p RENAME TO points;"),
    "meta_key_twice": sweep_file("UPDATE meta SET value = '{\"kind\":\"cost\",\"points\":1,\"points\":2}' WHERE key = 'identity';"),
    "empty": b"",
    "text": b"SQLite format 3\0",
}

# --- seeds of products and networks


# Every setting of an in-situ array, as the program writes them.
ARRAY_CONFIG = (
    "array.rows=0|cell.r_on=10000 ohm|cell.r_off=1e+06 ohm|cell.levels=0|cell.device=ideal|cell.states=|"
    "cell.programming_error=0|cell.read_noise=0|cell.write.max_tries=1|cell.write.tolerance=0.01|cell.write.pulse=0 s|"
    "cell.retention.age=0 s|cell.retention.exponent=0|cell.retention.spread=0|cell.retention.reference=1 s|"
    "cell.retention.compensation=none|cell.temperature.at=300 K|cell.temperature.reference=300 K|"
    "cell.temperature.activation_eV=0.1|cell.faults.stuck_low=0|cell.faults.stuck_high=0|cell.curve.law=sinh|"
    "cell.curve.scale=inf V|cell.curve.read=0.2 V|cell.parameters=|weights.mapping=differential|weights.bits=8|"
    "weights.slices=|weights.digits=binary|weights.largest=0|weights.offset_gain=exact|inputs.scale=largest_of_vector|"
    "inputs.largest=1|inputs.coding=sign_magnitude|inputs.bits=8|inputs.steps=254|inputs.slice_bits=0|inputs.passes=one|"
    "inputs.pulse_leak=0|inputs.pulse_dead_time=0|lines.ir_drop=0|lines.wire_ratio=571428.57|lines.nonlinearity=0|"
    "lines.slope_point=0.5|adc.levels=uniform|adc.bits=8|adc.steps=254|adc.range=full_scale|adc.low=|adc.high=|adc.sigmas=8|"
    "adc.percentile=99.99|adc.margin=1|adc.powers_of_two=false|adc.halvings=0|converter.kind=ideal|converter.columns=1|"
    "converter.mismatch=0|converter.offset=0|converter.noise=0|converter.gain=inf|converter.slope=0|converter.bow=0|"
    "converter.delay=0|").replace("|", "\n")


def array_file(config=ARRAY_CONFIG, **counts):
    one = {"format": "ohmic programmed array 1", "config": config, "seed": "1", "first_array": "0", "slices": "1",
           "lines": "2", "outputs": "1", "columns": "1", "inputs": "2", "written_cells": "4", "written_tries": "4",
           "written_missed": "0", "written_stuck": "0", **counts}
    return safetensors({"g": ("F64", [int(one["slices"]) % 99, int(one["lines"]) % 99, int(one["columns"]) % 99, 2],
                              f64(1e-5, 2e-5, 3e-5, 4e-5)),
                        "slice_gain": ("F64", [1], f64(1)), "zero": ("F64", [1], f64(0)),
                        "weight_scale": ("F64", [1], f64(0.5))}, one)


PROGRAMMED = {
    "one": array_file(),
    "settings": array_file(ARRAY_CONFIG.replace("adc.bits=8", "adc.bits=6").replace("weights.bits=8", "weights.bits=4")),
    "setting": array_file(ARRAY_CONFIG.replace("adc.bits=8", "adc.bit=8")),
    "no_settings": array_file(""),
    "setting_twice": array_file(ARRAY_CONFIG + "adc.bits=3\n"),
    "setting_missing": array_file(ARRAY_CONFIG.replace("adc.bits=8\n", "")),
    "no_gain": array_file().replace(f64(1) + f64(0) + f64(0.5), f64(0) + f64(0) + f64(0.5)),
    "siemens": array_file().replace(f64(1e-5), f64(1e7)),
    "counts": array_file(seed="18446744073709551616"),
    "inputs": array_file(inputs="99"),
    "format": array_file(format="ohmic programmed array 2"),
    "tensors": safetensors({}, {"format": "ohmic programmed array 1"}),
}
SEEDS = {str(i): bytes([i]) * 8 for i in range(4)}

CORPORA = {
    "plugin_table": PLUGIN_TABLES, "npy": NPY, "onnx": ONNX, "wav": WAV, "safetensors": SAFETENSORS, "sharded": SHARDED, "tfjs": TFJS,
    "model_config": MODEL_CONFIG, "network": NETWORK, "wordpiece": WORDPIECE, "tokenizer_json": TOKENIZER_JSON,
    "sentencepiece": SENTENCEPIECE, "unigram": UNIGRAM, "dataset": DATASET, "price_book": PRICE_BOOK, "states": STATES,
    "settings": SETTINGS, "plugin_prices": PLUGIN_PRICES, "cost_table": COST_TABLE, "accelergy": ACCELERGY,
    "command_line": COMMAND_LINE, "settings_file": SETTINGS_FILE, "calibration": CALIBRATION, "sweep_spec": SWEEP_SPEC,
    "sweep_store": SWEEP_STORE, "recorded_run": RECORDED_RUN, "programmed_array": PROGRAMMED, "computation": SEEDS, "in_situ": SEEDS, "wires": SEEDS,
}

if __name__ == "__main__":
    for harness, cases in CORPORA.items():
        os.makedirs(os.path.join(sys.argv[1], harness), exist_ok=True)
        for name, data in cases.items():
            with open(os.path.join(sys.argv[1], harness, name), "wb") as file:
                file.write(data)
