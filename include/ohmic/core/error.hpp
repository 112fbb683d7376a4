// The one error channel: ohmic::error says what is wrong, where, what was found, what is allowed and how to mend it.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "ohmic/core/config.hpp"

namespace ohmic::inline OHMIC_ABI {

/// Stable numeric codes of everything that can go wrong. The hundreds group them: 1xx configuration, 2xx arguments, 3xx
/// files
/// and their contents, 4xx things that could not be finished. A number never changes its meaning.
enum class errc : int {
  config_value = 101,         ///< a configuration value is outside its range
  unknown_key = 102,          ///< a key that no configuration has
  config_conflict = 103,      ///< two settings exclude each other
  unknown_id = 104,           ///< a chip, model or task that does not exist
  shape = 201,                ///< sizes do not fit together, or are empty
  value = 202,                ///< a number is NaN, infinite or out of range
  capacity = 203,             ///< a count does not fit its counter or its memory
  missing_calibration = 204,  ///< a range or scale was never calibrated
  file_missing = 301,         ///< a file cannot be opened or read
  file_truncated = 302,       ///< a file ends too early
  file_format = 303,          ///< a file is not what it claims to be
  missing_entry = 304,        ///< a tensor, field or column is not there
  data_leak = 305,            ///< calibration and scored data are the same
  plugin_file = 306,          ///< a shared library cannot be loaded, or is no plugin
  plugin_table = 307,         ///< a plugin's table is malformed, or of another version
  write_failed = 401,         ///< an output could not be written
  plugin_failed = 402,        ///< a plugin's function failed, or gave what cannot be
  plugin_died = 403,          ///< an isolated plugin crashed, or did not answer in time
  no_resource = 404,          ///< the machine refuses what the work needs: threads, files
  contract = 901,             ///< a bug: a contract that was stated with OHMIC_EXPECTS was broken (checked builds only)
};

/// The code of a call that the system refused with a number of errno: no_resource where files or memory are used up, which no other
/// input would mend; else what the caller makes of it.
[[nodiscard]] constexpr errc refusal_code(int number, errc otherwise) noexcept {
  return number == EMFILE || number == ENFILE || number == ENOMEM ? errc::no_resource : otherwise;
}

/// The five parts of a diagnosis. `where` is a key, file or argument; `fix` is a sentence fragment.
struct error_info {
  errc code = errc::value;
  std::string what;     ///< what is wrong
  std::string where;    ///< config key, file with field, or argument
  std::string got;      ///< the value found
  std::string allowed;  ///< the values that would do
  std::string fix;      ///< what to do about it
};

/// Exception of the library: `what()` is the diagnosis in one line, `info()` its parts.
/// Errors  never throws itself but for memory
class error : public std::runtime_error {
 public:
  explicit error(error_info info) : std::runtime_error(text(info)), info_(std::move(info)) {}

  [[nodiscard]] error_info const& info() const noexcept { return info_; }
  [[nodiscard]] errc code() const noexcept { return info_.code; }

  /// True where the caller's data or settings are at fault, false where the work could not be finished (4xx) or has a
  /// bug (9xx).
  [[nodiscard]] bool is_bad_input() const noexcept { return static_cast<int>(info_.code) < 400; }

 private:
  static std::string text(error_info const& e) {
    std::string s = e.where.empty() ? e.what : e.where + ": " + e.what;
    if (!e.got.empty()) s += "; got " + e.got;
    if (!e.allowed.empty()) s += ", allowed: " + e.allowed;
    if (!e.fix.empty()) s += "; " + e.fix;
    return s + " [E" + std::to_string(static_cast<int>(e.code)) + "]";
  }

  error_info info_;
};

/// A broken internal contract; thrown in checked builds only.
class contract_error : public error {
 public:
  explicit contract_error(std::string_view condition, std::string_view where)
      : error({errc::contract, "broken contract", std::string(where), std::string(condition), "",
               "please report this as a bug"}) {}
};

}  // namespace ohmic::inline OHMIC_ABI

#define OHMIC_STRINGIZE_(x) #x
#define OHMIC_STRINGIZE(x) OHMIC_STRINGIZE_(x)

/// States what must hold here. Tested in checked builds (OHMIC_CHECKED=1), free otherwise. No header of the library uses it yet.
#if defined(OHMIC_CHECKED) && OHMIC_CHECKED
#define OHMIC_EXPECTS(...) \
  ((__VA_ARGS__) ? void() : throw ::ohmic::contract_error(#__VA_ARGS__, __FILE__ ":" OHMIC_STRINGIZE(__LINE__)))
#else
#define OHMIC_EXPECTS(...) void()
#endif
