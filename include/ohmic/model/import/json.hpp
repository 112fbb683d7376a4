// Small JSON configuration files (config.json, tokenizer_config.json) with typed access; every complaint names file and
// key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ohmic/core/config.hpp"
#include "ohmic/core/error.hpp"
#include "ohmic/model/file.hpp"

namespace ohmic::inline OHMIC_ABI::model {

/// A JSON object read from a file. A key that is absent and one that is null are treated alike.
class json_file {
 public:
  /// Largest file and deepest nesting that are read: a configuration, not a data set.
  static constexpr std::uint64_t max_bytes = std::uint64_t{8} << 20;
  static constexpr int max_depth = 32;

  /// Errors  errc::file_missing; errc::file_format for broken JSON, a key given twice, or anything but an object;
  ///         errc::capacity
  explicit json_file(std::filesystem::path file, std::uint64_t largest = max_bytes) : file_(std::move(file)) {
    parse(read_whole(file_, largest));
    if (!root_.is_object())
      throw error({errc::file_format, "is not a JSON object", place(file_), root_.type_name(), "object", ""});
  }

  /// The object under a key, whose keys are then named with it.
  /// Errors  errc::missing_entry; errc::file_format for another type
  [[nodiscard]] json_file inside(std::string const& key) const {
    nlohmann::json const& v = required(key);
    if (!v.is_object()) throw wrong_type(key, v, "an object");
    json_file part(*this);
    part.root_ = v;
    part.prefix_ = prefix_ + key + ".";
    return part;
  }

  [[nodiscard]] std::filesystem::path const& path() const noexcept { return file_; }
  [[nodiscard]] bool has(std::string const& key) const { return find(key) != nullptr; }
  /// True for a key that is there, be it null: that says more than its absence where a class has a default.
  [[nodiscard]] bool names(std::string const& key) const { return root_.contains(key); }
  /// The value, nullptr if absent or null.
  [[nodiscard]] nlohmann::json const* find(std::string const& key) const {
    auto const it = root_.find(key);
    return it == root_.end() || it->is_null() ? nullptr : &*it;
  }

  /// Every key with its value, sorted.
  [[nodiscard]] std::vector<std::pair<std::string, nlohmann::json>> entries() const {
    std::vector<std::pair<std::string, nlohmann::json>> all;
    for (auto const& [key, value] : root_.items()) all.emplace_back(key, value);
    return all;
  }

  /// A whole number in [low, high].
  /// Errors  errc::missing_entry; errc::file_format for another type; errc::config_value outside the range
  [[nodiscard]] std::size_t count(std::string const& key, std::size_t low, std::size_t high) const {
    nlohmann::json const& v = required(key);
    if (!v.is_number_integer()) throw wrong_type(key, v, "a whole number");
    bool const negative = !v.is_number_unsigned() && v.get<std::int64_t>() < 0;
    if (negative || v.get<std::uint64_t>() < low || v.get<std::uint64_t>() > high)
      throw error({errc::config_value, "is out of range", where(key), v.dump(),
                   std::to_string(low) + " to " + std::to_string(high), ""});
    return static_cast<std::size_t>(v.get<std::uint64_t>());
  }

  /// A number, whole or not. Errors as count().
  [[nodiscard]] double number(std::string const& key) const {
    nlohmann::json const& v = required(key);
    if (!v.is_number()) throw wrong_type(key, v, "a number");
    return v.get<double>();
  }

  /// A string. Errors as count().
  [[nodiscard]] std::string string(std::string const& key) const {
    nlohmann::json const& v = required(key);
    if (!v.is_string()) throw wrong_type(key, v, "a string");
    return v.get<std::string>();
  }

  /// true or false, `otherwise` if absent.
  [[nodiscard]] bool flag(std::string const& key, bool otherwise) const {
    nlohmann::json const* v = find(key);
    if (v == nullptr) return otherwise;
    if (!v->is_boolean()) throw wrong_type(key, *v, "true or false");
    return v->get<bool>();
  }

  [[nodiscard]] std::string where(std::string_view key) const {
    return place(file_, "key " + in_quotes(prefix_ + std::string(key)));
  }
  [[nodiscard]] error wrong_type(std::string const& key, nlohmann::json const& got, std::string const& allowed) const {
    return error({errc::file_format, "has the wrong type", where(key), text(got), allowed, ""});
  }
  /// A value as JSON, cut to fit a message.
  [[nodiscard]] static std::string text(nlohmann::json const& v) { return printable(v.dump(-1, ' ', true)); }

 private:
  [[nodiscard]] nlohmann::json const& required(std::string const& key) const {
    nlohmann::json const* v = find(key);
    if (v == nullptr) throw error({errc::missing_entry, "is missing", where(key), "", "", ""});
    return *v;
  }

  void parse(std::string const& bytes) {
    using event = nlohmann::json::parse_event_t;
    std::vector<std::set<std::string>>
        keys;  // of the objects that are open; nlohmann's parser keeps the last of equal keys silently
    auto const watch = [&](int depth, event e, nlohmann::json& value) {
      if (depth > max_depth)
        throw error(
            {errc::file_format, "is nested too deeply", place(file_), "", std::to_string(max_depth) + " levels", ""});
      if (e == event::object_start) keys.emplace_back();
      if (e == event::object_end) keys.pop_back();
      if (e == event::key && !keys.back().insert(value.get<std::string>()).second)
        throw error({errc::file_format, "is given twice", where(value.get<std::string>()), "", "", "keep one"});
      return true;
    };
    try {
      root_ = nlohmann::json::parse(bytes, watch);
    } catch (nlohmann::json::parse_error const& e) {
      throw error({errc::file_format, "broken JSON at byte " + std::to_string(e.byte), place(file_), "", "", ""});
    } catch (nlohmann::json::exception const&) {
      throw error({errc::file_format, "JSON with a number that no double can hold", place(file_), "", "", ""});
    }
  }

  std::filesystem::path file_;
  std::string prefix_;  ///< of the keys of an object inside the file's
  nlohmann::json root_;
};

}  // namespace ohmic::inline OHMIC_ABI::model
