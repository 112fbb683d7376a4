// What is not ideal about a computation crossbar: errors that its arrays keep, and noise of their reads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ohmic/core/error.hpp"
#include "ohmic/core/quantity.hpp"
#include "ohmic/core/reflect.hpp"
#include "ohmic/core/stream.hpp"
#include "ohmic/core/threads.hpp"
#include "ohmic/core/view.hpp"
#include "ohmic/crossbar/cell_lines.hpp"
#include "ohmic/crossbar/imperfect_kernel.hpp"
#include "ohmic/crossbar/operand.hpp"
#include "ohmic/crossbar/shape.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Imperfections of a computation crossbar. All zero is the ideal crossbar, on its own fast path. Errors are drawn once
/// from the seed and belong to an array, noise is drawn for every read.
/// Units   sigmas relative to the cell's or the row's own nominal value, LSB of the converter, product units, or ohm
/// Range   relative sigmas to 0.15 for what is fixed (resistors stay positive at the largest draw) and to 1 for noise
/// Source  ours; Gaussian laws are the usual first order, the paper (Wang et al. 2024) studies RTN below 5 % only and prints
///         no resistance: 100 kohm is a choice
struct imperfections {
  double mismatch = 0.0;    ///< of every resistor, relative sigma
  double dac_offset = 0.0;  ///< of a row, sigma in LSB
  double dac_gain = 0.0;    ///< of a row, relative sigma
  double dac_inl = 0.0;     ///< of a row, sigma of the bow at half scale in LSB
  double adc_offset = 0.0;  ///< of an array, sigma in LSB
  double adc_gain = 0.0;    ///< of an array, relative sigma
  double adc_inl = 0.0;     ///< of an array, sigma of the bow at half scale in LSB
  double adc_dnl =
      0.0;  ///< of an array, sigma of the width of a code in LSB; edges stop at 0.49, so that above 0.3 it is less than it says
  double thermal = 0.0;         ///< of a conversion, sigma in product units
  double row = 0.0;             ///< of a driven row, common to all column pairs, relative sigma
  double cell = 0.0;            ///< of a closed cell in a read, relative sigma
  double rtn = 0.0;             ///< of a closed cell in a read: distance of its two states, relative
  double rtn_share = 0.5;       ///< share of the upper state, in steps of 2^-16
  ohms resistor{100e3};         ///< of conductance 1, the smallest; the unit of what follows
  ohms switch_resistance{0.0};  ///< of every closed switch, in series with its resistor
  ohms word_segment{0.0};       ///< of a row, a segment a column
  ohms bit_segment{0.0};        ///< of a column, a segment a row
  int arrays = 64;              ///< that all layers share
  std::uint64_t seed = 1;       ///< of one chip and its run

  /// True if nothing differs from the ideal crossbar.
  [[nodiscard]] bool ideal() const noexcept {
    return mismatch == 0.0 && dac_offset == 0.0 && dac_gain == 0.0 && dac_inl == 0.0 && adc_offset == 0.0 &&
           adc_gain == 0.0 && adc_inl == 0.0 && adc_dnl == 0.0 && !noisy() && row == 0.0 && rtn == 0.0 && !resists();
  }
  /// True if switches or wires do.
  [[nodiscard]] bool resists() const noexcept { return switch_load() > 0.0 || word_load() > 0.0 || bit_load() > 0.0; }
  /// Resistances relative to the resistor of conductance 1.
  [[nodiscard]] double switch_load() const noexcept { return switch_resistance.si() / resistor.si(); }
  [[nodiscard]] double word_load() const noexcept { return word_segment.si() / resistor.si(); }
  [[nodiscard]] double bit_load() const noexcept { return bit_segment.si() / resistor.si(); }
  /// True if conversions draw a normal number each.
  [[nodiscard]] bool noisy() const noexcept { return thermal != 0.0 || cell != 0.0; }
  [[nodiscard]] telegraph_law states() const noexcept {
    return {static_cast<std::uint32_t>(std::lround(rtn_share * 65536.0))};
  }

  /// Errors  config_value naming the field
  static void validate(imperfections const& c) {
    auto const within = [](char const* key, double got, double top, char const* unit) {
      if (!(got >= 0.0 && got <= top))
        throw error({errc::config_value, "imperfection out of range", std::string("noise.") + key,
                     detail::number_text(got), "0.." + field_format<double>::print(top) + unit,
                     std::string("set noise.") + key + "=0 for none"});
    };
    within("mismatch", c.mismatch, 0.15, ", relative");
    within("dac_offset", c.dac_offset, 16.0, " LSB");
    within("dac_gain", c.dac_gain, 0.15, ", relative");
    within("dac_inl", c.dac_inl, 16.0, " LSB");
    within("adc_offset", c.adc_offset, 1024.0, " LSB");
    within("adc_gain", c.adc_gain, 0.15, ", relative");
    within("adc_inl", c.adc_inl, 1024.0, " LSB");
    within("adc_dnl", c.adc_dnl, 1.0, " LSB");
    within("thermal", c.thermal, 1048576.0, " product units");
    within("row", c.row, 1.0, ", relative");
    within("cell", c.cell, 1.0, ", relative");
    within("rtn", c.rtn, 1.0, ", relative");
    within("rtn_share", c.rtn_share, 1.0, "");
    if (!(c.resistor.si() >= 1.0 && c.resistor.si() <= 1e12))
      throw error({errc::config_value, "resistance out of range", "noise.resistor", to_text(c.resistor), "1..1e+12 ohm",
                   "set noise.resistor"});
    auto const load = [&](char const* key, ohms got) {
      if (!(got.si() >= 0.0 && got <= c.resistor))
        throw error({errc::config_value, "resistance out of range", std::string("noise.") + key, to_text(got),
                     "0.." + to_text(c.resistor) + ", noise.resistor",
                     std::string("set noise.") + key + "=0 ohm for none"});
    };
    load("switch_resistance", c.switch_resistance);
    load("word_segment", c.word_segment);
    load("bit_segment", c.bit_segment);
    if (c.arrays < 1 || c.arrays > 65536)
      throw error({errc::config_value, "number of arrays out of range", "noise.arrays", std::to_string(c.arrays),
                   "1..65536", "set noise.arrays"});
  }
};

/// Where a product stands in a run: noise is addressed by it, never by the order of calls.
/// Range   first_token a multiple of the column pairs of an array, so that every token keeps its column pair
struct read_place {
  std::uint32_t time = 0;       ///< number of the text
  std::uint32_t product = 0;    ///< number of the product in its text
  std::size_t first_token = 0;  ///< of the call, where a product is taken in parts
  std::size_t tokens = 0;       ///< of the whole product; 0: those of the call
  std::uint32_t array = 0;  ///< in-situ arrays that are written for the product: whose they are, in every text the same
};

/// A read_place with what follows from it.
struct product_place {
  read_place place;
  std::size_t copies = 1, first_copy = 0, digits = 1, tiles = 1, blocks = 1, outputs = 1;

  /// Shape   state_words: random words that the telegraph states of a row take, 0 without them
  /// Errors  value for a first token inside a group; capacity if the product has more reads than addresses
  product_place(read_place const& p, array_geometry const& g, int scale, product_shape const& shape,
                std::size_t n_digits, std::size_t state_words, std::string const& where)
      : place(p),
        digits(n_digits),
        tiles(pieces(shape.inner, g.activations(scale))),
        blocks(pieces(shape.outputs, output_block)),
        outputs(shape.outputs) {
    if (p.first_token % g.pairs() != 0)
      throw error({errc::value, "part of a product starts inside a group of tokens", where + " first_token",
                   std::to_string(p.first_token), "a multiple of " + std::to_string(g.pairs()),
                   "cut the tokens between groups"});
    std::size_t const tokens = std::max(p.tokens, p.first_token + shape.tokens);
    copies = pieces(tokens, g.pairs());
    first_copy = p.first_token / g.pairs();
    std::uint64_t const rows = static_cast<std::uint64_t>(scale) * g.activations(scale);
    std::uint64_t const cuts = std::uint64_t{digits} * tiles * blocks * output_block;
    require_addressable(1, std::max<std::uint64_t>(pieces(tokens, 2) * 4, copies * rows) * cuts, 1, where);
    if (state_words > 0)
      require_addressable(1, std::uint64_t{tokens} * digits * tiles * blocks * rows * state_words, 1, where);
  }
};

/// Memory of a kernel call.
struct imperfect_workspace {
  aligned_vector<double> drives;
  aligned_vector<float> nominals, normals, upper;
  aligned_vector<std::uint32_t> words;
  aligned_vector<double> signs;

  imperfect_workspace(std::size_t rows, imperfections const& c)
      : drives(rows * 2 * output_block),
        nominals(c.cell > 0.0 || c.rtn > 0.0 ? rows * 2 * output_block : 0),
        normals(c.row > 0.0 ? rows * output_block : 0),
        upper(c.rtn > 0.0 ? rows * output_block : 0),
        words(c.rtn > 0.0 ? rows * c.states().row_words() : 0),
        signs(c.bit_load() > 0.0 ? rows * 2 * output_block : 0) {}
};

/// The errors of `arrays` arrays and their converters, drawn once. Tile i of a product, and copy c of its column pairs
/// (group of tokens), lives in array (i copies + c) mod arrays, whatever the layer.
/// Shape   resistors (arrays, pairs, rows, 2); dac (arrays, rows, 3); adc (arrays, 3); transitions (arrays, codes)
/// Units   resistors in multiples of 2^-12 of the smallest, or of 2^-20 behind a switch that resists, so that sums of
///         currents are exact
/// Random  purpose resistor, dac, adc; array = number of the array, time 0
class fixed_errors {
 public:
  fixed_errors() = default;
  /// `codes`: largest code of the converter, 0 for a lossless one.
  /// Errors  capacity for tables that no memory holds; config_conflict for code widths of a lossless converter
  fixed_errors(imperfections const& c, array_geometry const& g, int scale, std::int32_t driven_top, float codes)
      : config_(c),
        rows_(static_cast<std::size_t>(g.rows)),
        pairs_(g.pairs()),
        scale_(static_cast<std::size_t>(scale)) {
    auto const arrays = static_cast<std::size_t>(c.arrays);
    if (arrays * rows_ > (std::size_t{1} << 28) / (2 * pairs_))
      throw error({errc::capacity, "too many resistors to draw", "noise.arrays", std::to_string(c.arrays),
                   "arrays x rows x columns up to 2^28", "set fewer noise.arrays"});
    if (codes == 0.0f && c.adc_dnl > 0.0)
      throw error({errc::config_conflict, "a lossless converter has no codes of uneven width", "noise.adc_dnl",
                   detail::number_text(c.adc_dnl), "0 with adc.lossless=true", "set one of the two"});
    top_ = static_cast<float>(driven_top);
    resistors_.resize(arrays * pairs_ * rows_ * 2);
    std::size_t const of_array = pairs_ * rows_ * 2;
    for (std::size_t a = 0; a < arrays; ++a) {
      std::span<float> const cells(resistors_.data() + a * of_array, of_array);
      if (c.mismatch > 0.0) of(purpose::resistor, a).normals(0, 0, cells);
      for (std::size_t i = 0; i < of_array; ++i) {
        // S rows of an activation, from the smallest resistor up.
        double const units = 4096.0 * static_cast<double>(std::uint64_t{1} << (i / 2 % rows_ % scale_));
        double const off = std::nearbyint(c.mismatch * static_cast<double>(cells[i]) * units);
        cells[i] = cell_lines::behind_switch((units + off) / 4096.0, c.switch_load());
      }
    }
    if (c.dac_offset > 0.0 || c.dac_gain > 0.0 || c.dac_inl > 0.0) {
      dac_ = drawn(purpose::dac, arrays, rows_, {c.dac_gain, c.dac_offset, c.dac_inl});
    }
    if (c.adc_offset > 0.0 || c.adc_gain > 0.0 || c.adc_inl > 0.0)
      adc_ = drawn(purpose::adc, arrays, 1, {c.adc_gain, c.adc_offset, c.adc_inl});
    if (c.adc_dnl > 0.0) {
      codes_ = static_cast<std::size_t>(codes) + 1;
      if (arrays > (std::size_t{1} << 28) / codes_)
        throw error({errc::capacity, "too many edges of codes to draw", "noise.arrays", std::to_string(c.arrays),
                     "arrays x codes up to 2^28", "set fewer noise.arrays or adc.bits"});
      transitions_.resize(arrays * codes_);
      for (std::size_t a = 0; a < arrays; ++a) {
        std::span<float> const edges(transitions_.data() + a * codes_, codes_);
        of(purpose::adc, a).normals(first_transition, 0, edges);
        // The width of a code is the distance of two edges. Edges that stay within half a code keep the order of codes.
        auto const sigma = static_cast<float>(c.adc_dnl * 0.70710678118654752);
        for (float& e : edges) e = std::clamp(simd::mul(e, sigma), -0.49f, 0.49f);
      }
    }
  }

  /// Array of a tile and a copy.
  [[nodiscard]] std::size_t array_of(std::size_t tile, std::size_t copy, std::size_t copies) const noexcept {
    return (tile * copies + copy) % static_cast<std::size_t>(config_.arrays);
  }

  /// A closed cell: resistor and switch.
  [[nodiscard]] double conductance(std::size_t array, std::size_t pair, std::size_t row,
                                   std::size_t side) const noexcept {
    return static_cast<double>(resistors_[((array * pairs_ + pair) * rows_ + row) * 2 + side]);
  }

  /// What word lines leave of every closed cell: all column pairs of an array load them together. The same for all sessions,
  /// but for the sign of the weight, which says in which column of its pair a cell is closed.
  /// Shape   (digits, tokens, tiles, rows of a full tile, 2); empty without wires
  /// Cost    tokens x inner x digits x 2 S quotients, once a product
  [[nodiscard]] std::vector<float> behind_word_lines(switched_operand const& x, product_place const& at,
                                                     executor& threads) const {
    std::vector<float> out;
    double const word = config_.word_load();
    if (word == 0.0) return out;
    tiling const& cut = x.cut();
    std::size_t const tiles = cut.tiles(), rows = line_rows(cut), groups = pieces(x.tokens(), pairs_);
    out.assign(x.digits() * x.tokens() * tiles * rows * 2, 0.0f);
    threads.for_each_index(x.digits() * groups * tiles, [&](std::size_t task) {
      std::size_t const d = task / (groups * tiles), group = task / tiles % groups, tile = task % tiles;
      std::size_t const first = group * pairs_, tokens = std::min(pairs_, x.tokens() - first);
      std::size_t const array = array_of(tile, at.first_copy + group, at.copies);
      struct cell {
        std::size_t column;
        double g;
        float* left;
      };
      std::vector<cell> closed;
      for (std::size_t row = 0; row < cut.filled(tile) * scale_; ++row)
        for (std::size_t sign = 0; sign < 2; ++sign) {
          closed.clear();
          double beyond = 0.0;
          for (std::size_t n = 0; n < tokens; ++n) {
            int const digit = x.row(d, first + n)[tile * cut.groups() * 4 + row / scale_];
            auto const size = static_cast<unsigned>(digit < 0 ? -digit : digit);
            if ((size >> row % scale_ & 1u) == 0) continue;
            std::size_t const side = static_cast<std::size_t>(digit < 0) ^ sign;
            closed.push_back({2 * n + side, conductance(array, n, row, side),
                              &out[(((d * x.tokens() + first + n) * tiles + tile) * rows + row) * 2 + side]});
            beyond += closed.back().g;
          }
          // A segment carries the currents of all cells beyond it.
          double drop = 0.0;
          std::size_t passed = 0;
          for (cell const& c : closed) {
            drop += static_cast<double>(c.column + 1 - passed) * beyond;
            passed = c.column + 1;
            *c.left = cell_lines::behind_word_line(c.g, word, drop);
            beyond -= c.g;
          }
        }
    });
    return out;
  }

  /// The job of one group of tokens, block of outputs and digit; `lines` as behind_word_lines gives them.
  [[nodiscard]] imperfect_job job(block_job const& base, product_place const& at, tiling const& cut, std::size_t tokens,
                                  std::size_t group, std::size_t block, std::size_t digit, std::span<float const> lines,
                                  imperfect_workspace& work) const noexcept {
    imperfect_job j;
    j.base = base;
    j.inner = cut.inner;
    j.activations = cut.activations;
    j.scale = scale_;
    j.rows = rows_;
    j.pairs = pairs_;
    j.arrays = static_cast<std::size_t>(config_.arrays);
    j.block = block;
    j.blocks = at.blocks;
    j.digit = digit;
    j.digits = at.digits;
    j.outputs = std::min(output_block, at.outputs - block * output_block);
    j.copy = at.first_copy + group;
    j.copies = at.copies;
    j.resistors = resistors_.data();
    j.dac = dac_.empty() ? nullptr : dac_.data();
    j.adc = adc_.empty() ? nullptr : adc_.data();
    j.transitions = transitions_.empty() ? nullptr : transitions_.data();
    j.codes = codes_;
    j.drive_top = top_;
    j.noisy = config_.noisy();
    j.thermal_variance = static_cast<float>(config_.thermal * config_.thermal);
    j.cell_variance = static_cast<float>(simd::fence(config_.cell * config_.cell));
    j.rtn = static_cast<float>(config_.rtn);
    j.states = config_.states();
    j.row_sigma = static_cast<float>(config_.row);
    j.reads = {config_.seed, purpose::read, at.place.product};
    j.row_reads = {config_.seed, purpose::dac_read, at.place.product};
    j.state_reads = {config_.seed, purpose::rtn, at.place.product};
    j.time = at.place.time;
    j.drives = work.drives.data();
    j.nominals = work.nominals.empty() ? nullptr : work.nominals.data();
    j.normals = work.normals.empty() ? nullptr : work.normals.data();
    j.upper = work.upper.empty() ? nullptr : work.upper.data();
    j.words = work.words.empty() ? nullptr : work.words.data();
    if (!lines.empty()) {
      j.line_rows = line_rows(cut);
      j.lines = lines.data() + (digit * tokens + group * pairs_) * cut.tiles() * j.line_rows * 2;
    }
    j.bit_load = config_.bit_load();
    j.signs = work.signs.empty() ? nullptr : work.signs.data();
    return j;
  }

 private:
  static constexpr std::uint64_t first_transition = 16;

  /// Rows of a full tile.
  [[nodiscard]] std::size_t line_rows(tiling const& cut) const noexcept {
    return scale_ * std::min(cut.activations, cut.inner);
  }
  [[nodiscard]] stream of(purpose use, std::size_t array) const noexcept {
    return {config_.seed, use, static_cast<std::uint32_t>(array)};
  }
  /// Three sigmas for each of `n` owners in an array.
  [[nodiscard]] std::vector<float> drawn(purpose use, std::size_t arrays, std::size_t n,
                                         std::vector<double> const& sigmas) const {
    std::vector<float> out(arrays * n * 3);
    for (std::size_t a = 0; a < arrays; ++a) of(use, a).normals(0, 0, std::span(out).subspan(a * n * 3, n * 3));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = simd::mul(out[i], static_cast<float>(sigmas[i % 3]));
    return out;
  }

  imperfections config_{};
  std::size_t rows_ = 0, pairs_ = 0, scale_ = 1, codes_ = 0;
  float top_ = 1.0f;
  std::vector<float> resistors_, dac_, adc_, transitions_;
};

}  // namespace ohmic::inline OHMIC_ABI

OHMIC_MEMBERS(ohmic::imperfections, mismatch, dac_offset, dac_gain, dac_inl, adc_offset, adc_gain, adc_inl, adc_dnl,
              thermal, row, cell, rtn, rtn_share, resistor, switch_resistance, word_segment, bit_segment, arrays, seed);
