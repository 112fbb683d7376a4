// Language models and their tokenizers: plain lines cut into windows, and prompts. A reader says what kind of model it is:
//   model_type, type, title; read(folder) -> model
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ohmic/model/checks.hpp"
#include "ohmic/model/import/json.hpp"
#include "ohmic/model/import/special_ids.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "ohmic/model/text/tokenizer_json.hpp"
#include "run_deployment.hpp"
#include "run_generation.hpp"

namespace program_cli {

/// The tokenizer of a folder: sp.model (SentencePiece BPE), or tokenizer.json.
class text_codec {
 public:
  /// Errors  file_missing if there is none; those of the files, of read_end_ids too; config_conflict for more ids than the model's vocabulary
  text_codec(std::filesystem::path const& folder, std::size_t vocabulary) : codec_(read(folder)) {
    using namespace ohmic;
    bool const pieces = std::holds_alternative<model::sentencepiece_bpe>(codec_);
    std::size_t const size = std::visit([](auto const& c) { return c.size(); }, codec_);
    // Vocabularies of tokenizer.json may be smaller than the model's, which are padded.
    if (pieces ? size != vocabulary : size > vocabulary)
      throw error({errc::config_conflict, "has another number of pieces than the model",
                   model::place(folder / (pieces ? "sp.model" : "tokenizer.json")), std::to_string(size),
                   (pieces ? "" : "at most ") + std::to_string(vocabulary) + " (vocab_size)",
                   "use the tokenizer that belongs to the model"});
    if (pieces) {
      auto const first = model::read_special_ids(model::json_file(folder / "config.json"), "bos_token_id", vocabulary);
      if (!first.empty()) begin_.push_back(first.front());
    } else {
      begin_ = std::get<model::bpe_tokenizer>(codec_).begin();
      after_ = std::get<model::bpe_tokenizer>(codec_).after();
    }
    ends_ = model::read_end_ids(folder, vocabulary);
  }

  [[nodiscard]] std::vector<std::int32_t> const& begin() const noexcept { return begin_; }
  [[nodiscard]] std::vector<std::int32_t> const& ends() const noexcept { return ends_; }
  /// A text between what the tokenizer puts before and after every text, a prompt too: as transformers gives it to a model.
  [[nodiscard]] std::vector<std::int32_t> encode(std::string const& text) const {
    std::vector<std::int32_t> ids = begin_;
    auto const of_text = std::visit([&](auto const& c) { return c.encode(text); }, codec_);
    ids.insert(ids.end(), of_text.begin(), of_text.end());
    ids.insert(ids.end(), after_.begin(), after_.end());
    return ids;
  }
  /// Where a text begins anew, a line ends.
  [[nodiscard]] std::string decode(std::span<std::int32_t const> ids) const {
    std::string out;
    for (std::size_t at = 0; at < ids.size();) {
      std::size_t next = at;
      while (next < ids.size() && !(begin_.size() == 1 && ids[next] == begin_.front())) ++next;
      out += std::visit([&](auto const& c) { return c.decode(ids.subspan(at, next - at)); }, codec_);
      if (next < ids.size() && next > 0) out += "\n";
      at = next + 1;
    }
    return out;
  }
  [[nodiscard]] std::string piece(std::int32_t id) const {
    return std::visit([&](auto const& c) { return std::string(c.piece(id)); }, codec_);
  }

 private:
  [[nodiscard]] static std::filesystem::path settings_in(std::filesystem::path const& folder) {
    auto const settings = folder / "tokenizer_config.json";
    return std::filesystem::exists(settings) ? settings : std::filesystem::path();
  }
  using codec = std::variant<ohmic::model::sentencepiece_bpe, ohmic::model::bpe_tokenizer>;
  [[nodiscard]] static codec read(std::filesystem::path const& folder) {
    using namespace ohmic;
    if (std::filesystem::exists(folder / "sp.model")) return model::read_sentencepiece_bpe(folder / "sp.model");
    if (std::filesystem::exists(folder / "tokenizer.json"))
      return model::read_tokenizer_json(folder / "tokenizer.json", settings_in(folder));
    throw error({errc::file_missing, "no tokenizer", model::place(folder), "",
                 "tokenizer.json, or sp.model (SentencePiece of the BPE kind)",
                 "vocab.json, merges.txt and tokenizer.model are not read"});
  }

  codec codec_;
  std::vector<std::int32_t> begin_, after_;
  std::vector<std::int32_t> ends_;
};

/// A family of language models, for deploy_family, calibrate_family and generate_family.
template <class Reader>
class language_family {
 public:
  using model_type = typename Reader::model_type;
  using task_type = ohmic::model::language_task;
  static constexpr char const* type = Reader::type;
  static constexpr char const* default_calibration = "calib.txt";
  /// Longest window that is scored, for models with more positions.
  static constexpr std::size_t longest_window = 1024;

  /// Errors  those of the files; config_value for a window longer than the model has positions; config_conflict for a model whose
  ///         matrices are not left in its files
  explicit language_family(std::string const& folder, reading_options const& reading = {})
      : model_(Reader::read(folder)), codec_(folder, model_.config.vocabulary), window_(reading.window) {
    using namespace ohmic;
    if (window_ > positions_of(model_))
      throw error({errc::config_value, "longer than the model's positions", "--window", std::to_string(window_),
                   "at most " + std::to_string(positions_of(model_)), ""});
    require_scores(window_, window_, "--window");
    constexpr bool in_files = requires { model_.source; };
    if (reading.layer_wise && !in_files)
      throw error({errc::config_conflict, "the model's matrices are not left in its files", "--layer-wise",
                   std::string("a model of type ") + type, "a model of the Llama family", "leave --layer-wise out"});
  }

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path}, {"type", type}, {"layers", c.layers}, {"width", c.width}, {"vocabulary", c.vocabulary}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("{}, {} layers, width {}, vocabulary {}", Reader::title, c.layers, c.width, c.vocabulary);
  }
  /// A stream of text is cut into windows, so that nothing is ever truncated.
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool) const {
    auto [task, source] = read(file, limit);
    source.line = fmt::format("{} windows of {} tokens, {} targets, {} empty lines passed over", source.n, window(),
                              task.targets(), source.more["empty_lines"].template get<std::size_t>());
    return {std::move(task), std::move(source)};
  }
  [[nodiscard]] calibration_texts calibration(std::filesystem::path const& file) const {
    auto [task, source] = read(file, 0);
    source.line = fmt::format("{} windows", source.n);
    return {task.inputs(), std::move(source)};
  }

  [[nodiscard]] std::vector<std::int32_t> prompt(std::string const& text) const { return codec_.encode(text); }
  [[nodiscard]] std::string text(std::span<std::int32_t const> ids) const { return codec_.decode(ids); }
  [[nodiscard]] std::string piece(std::int32_t id) const { return codec_.piece(id); }
  [[nodiscard]] std::vector<std::int32_t> const& ends() const noexcept { return codec_.ends(); }

 private:
  [[nodiscard]] std::size_t window() const noexcept {
    return window_ > 0 ? window_ : std::min(positions_of(model_), longest_window);
  }
  /// All lines one after the other, each with what stands before and after a text.
  [[nodiscard]] std::pair<task_type, text_source> read(std::filesystem::path const& file, std::size_t limit) const {
    auto data = ohmic::model::read_lines(file);
    std::vector<std::int32_t> stream;
    for (auto const& line : data.lines) {
      auto const ids = codec_.encode(line);
      stream.insert(stream.end(), ids.begin(), ids.end());
    }
    task_type task(stream, window(), ohmic::model::place(file), limit);
    text_source source{file, task.inputs().size(),
                       0,    std::move(data.lines),
                       {},   {{"ids", stream.size()}, {"targets", task.targets()}, {"empty_lines", data.empty}}};
    return {std::move(task), std::move(source)};
  }

  model_type model_;
  text_codec codec_;
  std::size_t window_;
};

}  // namespace program_cli
