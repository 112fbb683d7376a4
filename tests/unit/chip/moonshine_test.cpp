// A speech encoder-decoder: its pass against plain loops in double precision, plan against run on the chip, the published integer
// arithmetic.
#include "ohmic/model/moonshine.hpp"

#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ohmic/chip/evaluation.hpp"
#include "ohmic/chip/wang2024.hpp"
#include "ohmic/model/dynamic_int8.hpp"
#include "ohmic/model/speech_task.hpp"
#include "ohmic/model/text/pieces.hpp"
#include "ohmic/program/plan.hpp"
#include "support/catch.hpp"
#include "support/diagnosis.hpp"
#include "support/temporary_file.hpp"
#include "support/tiny_models.hpp"

namespace moonshine_test {
namespace {

using namespace ohmic;
using chip::wang2024;
using rows = std::vector<std::vector<double>>;

// Plain loops, written from the definition; nothing of the library but the weights.
rows linear(model::linear_weights const& w, rows const& x) {
  rows y(x.size(), std::vector<double>(w.outputs()));
  for (std::size_t n = 0; n < x.size(); ++n)
    for (std::size_t o = 0; o < w.outputs(); ++o) {
      y[n][o] = w.bias.empty() ? 0.0 : static_cast<double>(w.bias[o]);
      for (std::size_t i = 0; i < w.inputs(); ++i) y[n][o] += static_cast<double>(w.weight(o, i)) * x[n][i];
    }
  return y;
}
rows norm(model::norm_weights const& g, rows const& x, bool together = false) {
  rows y = x;
  auto const over = [&](std::size_t first, std::size_t last) {
    double mean = 0.0, square = 0.0, n = 0.0;
    for (std::size_t r = first; r < last; ++r)
      for (double v : x[r]) mean += v, n += 1.0;
    mean /= n;
    for (std::size_t r = first; r < last; ++r)
      for (double v : x[r]) square += (v - mean) * (v - mean);
    for (std::size_t r = first; r < last; ++r)
      for (std::size_t i = 0; i < x[r].size(); ++i)
        y[r][i] = (x[r][i] - mean) / std::sqrt(square / n + 1e-5) * static_cast<double>(g.gamma[i]) +
                  static_cast<double>(g.beta[i]);
  };
  if (together) over(0, x.size());
  for (std::size_t r = 0; !together && r < x.size(); ++r) over(r, r + 1);
  return y;
}
rows mapped(rows x, double (*f)(double)) {
  for (auto& r : x)
    for (double& v : r) v = f(v);
  return x;
}
double gelu(double v) { return 0.5 * v * (1.0 + std::erf(v / std::sqrt(2.0))); }
double silu(double v) { return v / (1.0 + std::exp(-v)); }
rows sum(rows a, rows const& b) {
  for (std::size_t n = 0; n < a.size(); ++n)
    for (std::size_t i = 0; i < a[n].size(); ++i) a[n][i] += b[n][i];
  return a;
}
rows turned(rows x, std::size_t heads, std::size_t turning) {
  for (std::size_t n = 0; n < x.size(); ++n)
    for (std::size_t h = 0; h < heads; ++h)
      for (std::size_t i = 0; i < turning / 2; ++i) {
        double const angle =
            static_cast<double>(n) * std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(turning));
        double &a = x[n][h * x[n].size() / heads + i], &b = x[n][h * x[n].size() / heads + turning / 2 + i];
        double const was = a;
        a = was * std::cos(angle) - b * std::sin(angle);
        b = b * std::cos(angle) + was * std::sin(angle);
      }
  return x;
}
rows attention(rows const& q, rows const& k, rows const& v, std::size_t heads, bool causal) {
  std::size_t const width = q[0].size() / heads;
  rows y(q.size(), std::vector<double>(q[0].size()));
  for (std::size_t h = 0; h < heads; ++h)
    for (std::size_t n = 0; n < q.size(); ++n) {
      std::vector<double> e;
      double total = 0.0;
      for (std::size_t c = 0; c < (causal ? n + 1 : k.size()); ++c) {
        double s = 0.0;
        for (std::size_t i = 0; i < width; ++i) s += q[n][h * width + i] * k[c][h * width + i];
        e.push_back(std::exp(s / std::sqrt(static_cast<double>(width))));
        total += e.back();
      }
      for (std::size_t c = 0; c < e.size(); ++c)
        for (std::size_t i = 0; i < width; ++i) y[n][h * width + i] += e[c] / total * v[c][h * width + i];
    }
  return y;
}
rows convolution(model::linear_weights const& w, program::time_convolution const& v, rows const& x) {
  rows windows;
  for (std::size_t p = 0; p + v.kernel <= x.size(); p += v.stride) {
    windows.emplace_back();
    for (std::size_t k = 0; k < v.kernel; ++k)
      windows.back().insert(windows.back().end(), x[p + k].begin(), x[p + k].end());
  }
  return linear(w, windows);
}
/// Logits of all tokens of a transcript at once.
rows plain_logits(model::moonshine const& m, std::vector<std::int32_t> const& clip,
                  std::vector<std::int32_t> const& ids) {
  auto const& c = m.config;
  rows x;
  for (auto s : clip) x.push_back({static_cast<double>(s) / 8388608.0});
  x = norm(m.clip_norm, mapped(convolution(m.listening, c.listening, x), std::tanh), true);
  x = mapped(convolution(m.middle, c.middle, x), gelu);
  x = mapped(convolution(m.last, c.last, x), gelu);
  for (auto const& w : m.encoder) {
    auto const y = norm(w.attention_norm, x);
    x = sum(x, linear(w.attention_output, attention(turned(linear(w.query, y), c.heads, c.rotation.width),
                                                    turned(linear(w.key, y), c.heads, c.rotation.width),
                                                    linear(w.value, y), c.heads, false)));
    x = sum(x, linear(w.output, mapped(linear(w.intermediate, norm(w.output_norm, x)), gelu)));
  }
  rows const encoded = norm(m.encoder_norm, x);
  rows t;
  for (auto id : ids) {
    auto const row = m.word.row(static_cast<std::size_t>(id));
    t.emplace_back(row.begin(), row.end());
  }
  for (auto const& w : m.decoder) {
    auto const y = norm(w.norm, t);
    t = sum(t, linear(w.output, attention(turned(linear(w.query, y), c.heads, c.rotation.width),
                                          turned(linear(w.key, y), c.heads, c.rotation.width), linear(w.value, y),
                                          c.heads, true)));
    t = sum(t, linear(w.cross.attention_output,
                      attention(linear(w.cross.query, norm(w.cross.attention_norm, t)), linear(w.cross.key, encoded),
                                linear(w.cross.value, encoded), c.heads, false)));
    auto const z = norm(w.cross.output_norm, t);
    rows gated = mapped(linear(w.cross.gate, z), silu);
    auto const up = linear(w.cross.up, z);
    for (std::size_t n = 0; n < gated.size(); ++n)
      for (std::size_t i = 0; i < gated[n].size(); ++i) gated[n][i] *= up[n][i];
    t = sum(t, linear(w.cross.down, gated));
  }
  return linear(m.head, norm(m.final_norm, t));
}

template <class E>
std::vector<std::vector<float>> logits_of(E& e, model::moonshine const& m, std::vector<std::int32_t> const& clip,
                                          std::vector<std::int32_t> const& ids) {
  auto seen = encode(e, m, std::span<std::int32_t const>(clip));
  std::vector<std::vector<float>> out;
  for (auto id : ids) {
    auto const step = extend(e, m, seen, id);
    out.emplace_back(step.flat().begin(), step.flat().end());
  }
  return out;
}
model::moonshine tiny(model::speech_front_end front_end) {
  auto m = ohmic_test::tiny_moonshine();
  m.config.front_end = front_end;
  return m;
}

}  // namespace

TEST_CASE("moonshine equals plain loops, wherever its front end is") {
  for (auto const front_end : {model::speech_front_end::digital, model::speech_front_end::arrays}) {
    auto const m = tiny(front_end);
    validate(m);
    auto const clip = ohmic_test::tiny_clip(150, 5);
    std::vector<std::int32_t> const ids{1, 7, 3, 18};
    auto const weights = model::fp32_weights_of(m);
    model::fp32_engine e(weights);
    auto const logits = logits_of(e, m, clip, ids);
    auto const plain = plain_logits(m, clip, ids);
    for (std::size_t n = 0; n < ids.size(); ++n)
      for (std::size_t o = 0; o < logits[n].size(); ++o)
        CHECK(static_cast<double>(logits[n][o]) == Approx(plain[n][o]).margin(2e-4));
  }
}

TEST_CASE("moonshine does on the chip what was planned, for any length of its transcript, with biases and without") {
  for (auto const front_end : {model::speech_front_end::digital, model::speech_front_end::arrays})
    for (char const* change : {"adc.bits=8", "coding.scales=per_token", "attention.policy=digital", "no biases"}) {
      auto m = tiny(front_end);
      bool const biased = change != std::string_view("no biases");
      if (!biased) {
        m.encoder.front().intermediate.bias.clear();
        for (auto& w : m.encoder) w.output.bias.clear();
        for (auto* w : {&m.decoder.front().cross.gate, &m.decoder.front().cross.up, &m.decoder.back().cross.down})
          w->bias.clear();
      }
      model::token_lists const calibration{ohmic_test::tiny_clip(200, 1), ohmic_test::tiny_clip(120, 2)};
      executor threads(1);
      auto const weights = model::fp32_weights_of(m);
      auto settings = chip::defaults<wang2024>();
      if (biased) assign(settings, change);
      auto const chip =
          chip::deploy(m, settings, chip::calibrated_values(m, weights, calibration, threads), calibration, threads);
      for (std::size_t samples : {100, 171}) {
        auto const clip = ohmic_test::tiny_clip(samples, samples);
        executor serial(1);
        chip::engine<wang2024> e(chip, chip::product_mode::convert, serial);
        auto const ids = forward(e, m, std::span<std::int32_t const>(clip));
        auto const plan = program::plan(
            program_of(m, samples, ids.rows(), chip.choices()), [&](auto const& op) { return chip.planned(op); },
            chip.names());
        CHECK(difference(plan, e.report().actions(chip.names())).empty());
      }
    }
}

TEST_CASE("moonshine stops at the last token, or at as many as a clip of its length may have") {
  auto m = ohmic_test::tiny_moonshine();
  auto const weights = model::fp32_weights_of(m);
  model::fp32_engine e(weights);
  auto const clip = ohmic_test::tiny_clip(150, 5);
  auto const ids = forward(e, m, std::span<std::int32_t const>(clip));
  CHECK(ids.rows() <= model::largest_steps(m.config, clip.size()));
  CHECK(model::largest_steps(m.config, 150) == 7);
  CHECK(model::largest_steps(m.config, 1) == 1);
  CHECK(model::largest_steps(m.config, 100000) == m.config.positions);
  m.config.last_token = static_cast<std::int32_t>(ids(0, 0));
  CHECK(forward(e, m, std::span<std::int32_t const>(clip)).rows() == 1);
  auto const too_short = ohmic_test::tiny_clip(8, 5);
  CHECK_THROWS_AS(forward(e, m, std::span<std::int32_t const>(too_short)), error);
}

TEST_CASE("dynamic 8-bit codes are those of the operator's definition") {
  // The operator's published example: scale 0.0196078438, zero point 153.
  std::vector<float> const x{0.0f, 2.0f, -3.0f, -2.5f, 1.34f, 0.5f};
  model::dynamic_codes const codes(x);
  CHECK(codes.scale == 5.0f / 255.0f);
  CHECK(codes.zero == 153);
  int const want[] = {153, 255, 0, 26, 221, 179};
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(codes.values[i] + codes.zero == want[i]);
  model::dynamic_codes const nothing(std::vector<float>{0.0f, 0.0f});
  CHECK(nothing.values == std::vector<std::int16_t>{0, 0});
}

TEST_CASE("products of integers are those of the codes") {
  auto m = ohmic_test::tiny_moonshine();
  float const step = 0.02f;
  for (float& v : m.encoder[0].query.weight.flat()) v = std::nearbyint(v / step) * step;
  program::site const s{1, program::operation::A1};
  m.weight_steps.assign(sites_of(m).sites(), 0.0f);
  m.weight_steps[s.index()] = step;
  auto const integers = model::integer_weights_of(m);
  auto const weights = model::fp32_weights_of(m);
  model::dynamic_int8_engine e(weights, integers);
  matrix<float> x(2, 12);
  ohmic_test::weight_source w(4);
  for (float& v : x.flat()) v = w.next(1.0f);
  auto const y = e.project(s, m.encoder[0].query, x, {});
  model::dynamic_codes const codes(x.flat());
  for (std::size_t n = 0; n < 2; ++n)
    for (std::size_t o = 0; o < 12; ++o) {
      double sum = 0.0;
      for (std::size_t i = 0; i < 12; ++i)
        sum += codes.values[n * 12 + i] * std::nearbyint(static_cast<double>(m.encoder[0].query.weight(o, i) / step));
      CHECK(static_cast<double>(y(n, o)) == Approx(sum * static_cast<double>(codes.scale * step)));
    }
}

TEST_CASE("words of transcripts are compared without case, signs and figures") {
  CHECK(model::count_word_errors(model::spoken_words("Press 1, please."), model::spoken_words("press one please"))
            .errors == 0);
  CHECK(model::count_word_errors(model::spoken_words("You're muted"), model::spoken_words("youre muted")).errors == 0);
  model::piece_list const pieces({"<unk>", "<s>", "</s>", "<0x41>", "\xE2\x96\x81press", "\xE2\x96\x81one"});
  model::wer_task const task({{}, {}}, {"press one", "press two"}, [&](auto ids) { return pieces.decode(ids); });
  std::vector<std::vector<std::int32_t>> const answers{{4, 5, 2}, {4, 5, 2}};
  CHECK(task.text_of({4, 3, 5, 99, 2}) == "pressA one");
  CHECK(task.scores(answers).front().value == 0.25);
  CHECK(task.agreement(answers, {{4, 5, 2}, {4, 2}}) == 0.5);
}

TEST_CASE("lists of clips are read, and what is no list is refused") {
  ohmic_test::temporary_folder const folder;
  auto const clips = model::read_transcripts(folder.write("a.tsv", "one.wav\tOne.\r\nsub/two.wav\t\n"));
  REQUIRE(clips.size() == 2);
  CHECK(clips[0].file == folder / "one.wav");
  CHECK(clips[0].transcript == "One.");
  CHECK(clips[1].file == folder / "sub/two.wav");
  CHECK(clips[1].transcript.empty());
  for (char const* text : {"", "one.wav", "a\tb\tc", "\ttext", "a\tb\na\tc", "a\t\xFF"})
    CHECK_THROWS_AS(static_cast<void>(model::read_transcripts(folder.write("b.tsv", text))), error);
  using namespace std::string_literals;
  for (std::string const& name : {"/etc/passwd"s, "../outside/a.wav"s, "sub/../../a.wav"s, ".."s, "."s, "./a.wav"s,
                                  "a//b"s, "a/"s, "a\\b"s, "a\0b"s})
    ohmic_test::check_refused(
        [&] { static_cast<void>(model::read_transcripts(folder.write("b.tsv", name + "\thello"))); }, errc::file_format,
        {"b.tsv", "line 1", "outside the list's folder"});
  auto const pieces = model::read_pieces(folder.write("v.txt", "<unk>\na\n"));
  CHECK(pieces.size() == 2);
  CHECK_THROWS_AS(static_cast<void>(model::read_pieces(folder.write("v.txt", ""))), error);
  CHECK_THROWS_AS(static_cast<void>(model::read_pieces(folder.write("v.txt", "\xFF\n"))), error);
}

TEST_CASE("the digest of a list of clips covers its clips, that of other files only themselves") {
  ohmic_test::temporary_folder const folder;
  std::filesystem::create_directory(folder / "sub");
  folder.write("a.wav", "sound");
  folder.write("sub/b.wav", "more");
  auto const list = folder.write("list.tsv",
                                 "\xEF\xBB\xBF"
                                 "a.wav\tOne.\nsub/b.wav\ttwo\nlater.wav\tthree\n");
  CHECK(model::clips_there(list) == std::vector<std::filesystem::path>{folder / "a.wav", folder / "sub/b.wav"});
  auto const first = model::data_digest(list);
  CHECK(first != model::content_digest(list));
  folder.write("sub/b.wav", "lore");
  CHECK(model::data_digest(list) != first);
  folder.write("sub/b.wav", "more");
  CHECK(model::data_digest(list) == first);
  for (char const* text : {"a.wav", "0\tlabelled\n", "a.wav\ttwo\ttabs", "../a.wav\tout", "a.wav\tone\nno tab\n", ""}) {
    auto const other = folder.write("other.tsv", text);
    CHECK(model::clips_there(other).empty());
    CHECK(model::data_digest(other) == model::content_digest(other));
  }
}

}  // namespace moonshine_test
