// GPT-2 language models: plain lines, cut into windows.
#include "families.hpp"
#include "ohmic/model/gpt2.hpp"
#include "ohmic/model/import/gpt2.hpp"
#include "ohmic/model/text/sentencepiece.hpp"
#include "run_deployment.hpp"
#include "run_generation.hpp"

namespace program_cli {

using namespace ohmic;

namespace {

class gpt2_family {
 public:
  using model_type = model::gpt2;
  using task_type = model::language_task;
  static constexpr char const* type = "gpt2";
  static constexpr char const* default_calibration = "calib.txt";

  explicit gpt2_family(std::string const& folder)
      : model_(model::read_gpt2(folder)),
        tokenizer_(read_tokenizer(folder)),
        begin_(special_id(folder, "bos_token_id")),
        end_(special_id(folder, "eos_token_id")) {
    if (tokenizer_.size() != model_.config.vocabulary)
      throw error({errc::config_conflict, "has another number of pieces than the model", folder + "/sp.model",
                   std::to_string(tokenizer_.size()), std::to_string(model_.config.vocabulary) + " (vocab_size)",
                   "use the tokenizer that belongs to the model"});
  }

  [[nodiscard]] model_type const& model() const noexcept { return model_; }
  [[nodiscard]] json description(std::string const& path) const {
    auto const& c = model_.config;
    return {{"path", path}, {"type", type}, {"layers", c.layers}, {"width", c.width}, {"vocabulary", c.vocabulary}};
  }
  [[nodiscard]] std::string summary() const {
    auto const& c = model_.config;
    return fmt::format("GPT-2, {} layers, width {}, vocabulary {}", c.layers, c.width, c.vocabulary);
  }
  /// A stream of text is cut into windows, so that nothing is ever truncated.
  [[nodiscard]] scored_texts<task_type> scored(std::string const& file, std::size_t limit, bool) const {
    auto [task, source] = read(file, limit);
    source.line = fmt::format("{} windows of {} tokens, {} targets, {} empty lines passed over", source.n,
                              model_.config.positions, task.targets(), source.more["empty_lines"].get<std::size_t>());
    return {std::move(task), std::move(source)};
  }
  [[nodiscard]] calibration_texts calibration(std::filesystem::path const& file) const {
    auto [task, source] = read(file, 0);
    source.line = fmt::format("{} windows", source.n);
    return {task.inputs(), std::move(source)};
  }

  /// The first id, where the model has one, and a text.
  [[nodiscard]] std::vector<std::int32_t> prompt(std::string const& text) const {
    std::vector<std::int32_t> ids = tokenizer_.encode(text);
    if (begin_ >= 0) ids.insert(ids.begin(), begin_);
    return ids;
  }
  /// Where a text begins anew, a line ends.
  [[nodiscard]] std::string text(std::span<std::int32_t const> ids) const {
    std::string out;
    for (std::size_t at = 0; at < ids.size();) {
      std::size_t next = at;
      while (next < ids.size() && ids[next] != begin_) ++next;
      out += tokenizer_.decode(ids.subspan(at, next - at));
      if (next < ids.size() && next > 0) out += "\n";
      at = next + 1;
    }
    return out;
  }
  /// What a token alone looks like.
  [[nodiscard]] std::string piece(std::int32_t id) const { return std::string(tokenizer_.piece(id)); }
  [[nodiscard]] std::int32_t end() const noexcept { return end_; }

 private:
  [[nodiscard]] static model::sentencepiece_bpe read_tokenizer(std::filesystem::path const& folder) {
    if (!std::filesystem::exists(folder / "sp.model"))
      throw error({errc::file_missing, "no tokenizer", model::place(folder / "sp.model"), "",
                   "a SentencePiece model of the BPE kind", "GPT-2's own vocab.json and merges.txt are not read"});
    return model::read_sentencepiece_bpe(folder / "sp.model");
  }
  /// -1 where there is none.
  [[nodiscard]] static std::int32_t special_id(std::filesystem::path const& folder, char const* key) {
    model::json_file const config(folder / "config.json");
    return config.has(key) ? static_cast<std::int32_t>(config.count(
                                 key, 0, config.count("vocab_size", 1, model::model_limits::vocabulary) - 1))
                           : -1;
  }
  /// The first id before each line, all lines one after the other.
  [[nodiscard]] std::pair<task_type, text_source> read(std::filesystem::path const& file, std::size_t limit) const {
    auto data = model::read_lines(file);
    std::vector<std::int32_t> stream;
    for (auto const& line : data.lines) {
      if (begin_ >= 0) stream.push_back(begin_);
      auto const ids = tokenizer_.encode(line);
      stream.insert(stream.end(), ids.begin(), ids.end());
    }
    task_type task(stream, model_.config.positions, model::place(file), limit);
    text_source source{file, task.inputs().size(),
                       0,    std::move(data.lines),
                       {},   {{"ids", stream.size()}, {"targets", task.targets()}, {"empty_lines", data.empty}}};
    return {std::move(task), std::move(source)};
  }

  model::gpt2 model_;
  model::sentencepiece_bpe tokenizer_;
  std::int32_t begin_, end_;
};

}  // namespace

int deploy_gpt2(deploy_options const& o, common_options const& common) {
  return deploy_family(gpt2_family(o.model), o, common);
}
int calibrate_gpt2(calibrate_options const& o, common_options const& common) {
  return calibrate_family(gpt2_family(o.model), o, common);
}
int generate_gpt2(generate_options const& o, common_options const& common) {
  return generate_family(gpt2_family(o.model), o, common);
}

}  // namespace program_cli
