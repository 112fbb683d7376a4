// T5: a source and its target, and what it answers to a source.
#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "families.hpp"
#include "ohmic/model/import/special_ids.hpp"
#include "ohmic/model/import/t5.hpp"
#include "ohmic/model/text/sentencepiece_unigram.hpp"
#include "ohmic/model/translate_task.hpp"
#include "run_deployment.hpp"
#include "run_generation.hpp"
#include "sweep_deploy.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class t5_family {
 public:
  using model_type = model::t5;
  using task_type = model::translate_task<std::vector<std::int32_t>>;
  static constexpr char const* type = "t5";
  static constexpr char const* default_calibration = "calib.tsv";

  /// Errors  those of the files; config_conflict for --window, and for a tokenizer of more pieces than the model's vocabulary
  explicit t5_family(std::string const& folder, reading_options const& reading = {})
      : model_(model::read_t5(folder, model::matrices::in_files)),
        tokenizer_(read_tokenizer(folder, model_.config.vocabulary)) {
    if (reading.window > 0)
      throw error({errc::config_conflict, "is of models that continue a text", "--window",
                   std::string("a model of type ") + type, "nothing", "leave it out"});
    std::size_t const vocabulary = model_.config.vocabulary;
    if (tokenizer_.size() > vocabulary)
      throw error({errc::config_conflict, "tokenizer has more pieces than the model", model::place(folder),
                   std::to_string(tokenizer_.size()), "at most " + std::to_string(vocabulary) + " (vocab_size)",
                   "use the tokenizer that belongs to the model"});
    model::json_file const config(std::filesystem::path(folder) / "config.json");
    // Where the key is absent: T5's own, 1.
    end_ = static_cast<std::int32_t>(config.has("eos_token_id") ? config.count("eos_token_id", 0, vocabulary - 1)
                                                                : std::size_t{vocabulary > 1});
    ends_ = model::read_end_ids(folder, vocabulary);
    if (ends_.empty()) ends_.push_back(end_);
  }

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path},
            {"type", type},
            {"layers", c.encoder_layers + c.decoder_layers},
            {"width", c.width},
            {"vocabulary", c.vocabulary}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("T5, {} layers of an encoder, {} of a decoder, width {}, vocabulary {}", c.encoder_layers,
                       c.decoder_layers, c.width, c.vocabulary);
  }
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool no_truncate) const {
    auto [texts, source] = read(file, limit, no_truncate);
    task_type task(std::move(texts), model_.config.start, file);
    source.more = {{"targets", task.targets()}};
    source.line = fmt::format("{} pairs, {} tokens of targets, {} sides clipped to {} tokens", source.n, task.targets(),
                              source.truncated, model_.config.positions);
    return {std::move(task), std::move(source)};
  }
  [[nodiscard]] texts_of<model::t5::input> calibration(std::filesystem::path const& file) const {
    auto [texts, source] = read(file, 0, false);
    source.line = fmt::format("{} pairs", source.n);
    return {task_type(std::move(texts), model_.config.start, model::place(file)).inputs(), std::move(source)};
  }

  /// A source with its end.
  /// Errors  shape for more tokens than positions, when it is encoded
  [[nodiscard]] std::vector<std::int32_t> prompt(std::string const& text, std::string const& where = "text") const {
    auto ids = tokenizer_.encode(text, where);
    ids.push_back(end_);
    return ids;
  }
  [[nodiscard]] std::string text(std::span<std::int32_t const> ids) const { return tokenizer_.decode(ids); }
  [[nodiscard]] std::string piece(std::int32_t id) const { return std::string(tokenizer_.piece(id)); }
  [[nodiscard]] std::vector<std::int32_t> const& ends() const noexcept { return ends_; }

 private:
  [[nodiscard]] static model::sentencepiece_unigram read_tokenizer(std::filesystem::path const& folder,
                                                                   std::size_t vocabulary) {
    if (std::filesystem::exists(folder / "tokenizer.json")) return model::read_unigram_json(folder / "tokenizer.json");
    if (std::filesystem::exists(folder / "spiece.model")) return model::read_t5_pieces(folder, vocabulary);
    throw error({errc::file_missing, "no tokenizer", model::place(folder), "nothing",
                 "tokenizer.json of type Unigram, or spiece.model", ""});
  }

  /// Both sides with their ends; too long ones lose what is before it.
  [[nodiscard]] std::pair<std::vector<model::t5::input>, text_source> read(std::filesystem::path const& file,
                                                                           std::size_t limit, bool no_truncate) const {
    auto data = model::read_translations(file);
    if (limit > 0 && limit < data.size()) data.resize(limit);
    std::pair<std::vector<model::t5::input>, text_source> out;
    out.second.path = file;
    out.second.n = data.size();
    for (auto& t : data) {
      out.first.emplace_back();
      for (auto const& [text, ids] :
           {std::pair{&t.source, &out.first.back().source}, std::pair{&t.target, &out.first.back().target}}) {
        std::string const where = model::place(file, "line " + std::to_string(t.line));
        *ids = prompt(*text, where);
        require_scores(std::min(ids->size(), model_.config.positions), std::min(ids->size(), model_.config.positions),
                       where);
        if (ids->size() <= model_.config.positions) continue;
        if (no_truncate)
          throw error({errc::capacity, "has more pieces than the model has positions", where,
                       std::to_string(ids->size()), std::to_string(model_.config.positions),
                       "shorten it, or allow truncation"});
        ids->resize(model_.config.positions);
        ids->back() = end_;
        ++out.second.truncated;
      }
      out.second.texts.push_back(t.source + "\t" + t.target);
    }
    return out;
  }

  model::t5 model_;
  model::sentencepiece_unigram tokenizer_;
  std::int32_t end_ = 0;            ///< of sources and targets
  std::vector<std::int32_t> ends_;  ///< of what is generated
};

}  // namespace

int deploy_t5(deploy_options const& o, common_options const& common) {
  return deploy_family(t5_family(o.model, o.reading), o, common);
}
int calibrate_t5(calibrate_options const& o, common_options const& common) {
  return calibrate_family(t5_family(o.model, o.reading), o, common);
}
int generate_t5(generate_options const& o, common_options const& common) {
  return generate_family(t5_family(o.model, o.reading), o, common);
}
std::unique_ptr<point_runner> deploy_points_t5(sweep_spec const& spec, common_options const& common) {
  return std::make_unique<deploy_runner<t5_family>>(t5_family(spec.model), spec, common);
}

}  // namespace program_cli
