// What the command line's parser refuses, said as everything else is.
#include "usage_error.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "ohmic/core/near_names.hpp"
#include "ohmic/core/printable.hpp"

namespace program_cli {

namespace {

using ohmic::errc;

/// The command that the words came to: the last one below.
struct command_reached {
  CLI::App const* command;
  std::string name;

  explicit command_reached(CLI::App const& app) : command(&app) {
    for (auto below = app.get_subcommands(); !below.empty(); below = command->get_subcommands()) {
      command = below.front();
      name += (name.empty() ? "" : " ") + command->get_name();
    }
  }

  [[nodiscard]] std::string see() const { return "see: ohmic " + name + (name.empty() ? "" : " ") + "--help"; }

  [[nodiscard]] std::vector<std::string> options() const {
    std::vector<std::string> out;
    for (auto const* const o : command->get_options())
      if (!o->get_positional()) out.push_back(o->get_name());
    return out;
  }

  /// What stands behind an option in the help: FILE.html; empty if there is no such option.
  [[nodiscard]] std::string type_of(std::string const& option) const {
    auto const* const o = command->get_option_no_throw(option);
    auto const type = o == nullptr ? std::string() : o->get_type_name();
    return type.substr(type.rfind(':') + 1);  // UINT:WHOLE NUMBER, of its type and its validator
  }
};

ohmic::error unknown_word(command_reached const& at, std::string const& word) {
  if (!word.starts_with("-"))
    return ohmic::error({errc::unknown_key, "takes no such word", at.name, ohmic::in_quotes(word),
                         "options, and a value behind each", at.see()});
  auto const name = word.substr(0, word.find('='));
  auto const options = at.options();
  auto near = ohmic::nearest_name(name, options);
  if (near == name) near.clear();  // behind --, where no option is one
  return ohmic::error({errc::unknown_key, "no such option", at.name, ohmic::in_quotes(name), ohmic::joined(options),
                       near.empty() ? at.see() : "did you mean '" + near + "'?"});
}

}  // namespace

ohmic::error usage_error(CLI::App const& app, CLI::ParseError const& e) {
  command_reached const at(app);
  std::string const said = e.what();
  auto const kind = static_cast<CLI::ExitCodes>(e.get_exit_code());
  auto const unknown = app.remaining(true);
  if (!unknown.empty() && (kind == CLI::ExitCodes::RequiredError || kind == CLI::ExitCodes::ExtrasError))
    return unknown_word(at, unknown.front());
  if (kind == CLI::ExitCodes::RequiredError) {
    auto const name = said.substr(0, said.rfind(" is required"));
    return ohmic::error({errc::config_value, "is required", name, "nothing", at.type_of(name), at.see()});
  }
  if (kind == CLI::ExitCodes::ArgumentMismatch) {
    auto const name = said.substr(0, said.find(':'));
    bool const twice = said.find("At Most") != said.npos;
    return ohmic::error({errc::config_value, twice ? "is given more than once" : "needs a value", name,
                         twice ? "" : "nothing", (twice ? "one " : "") + at.type_of(name), at.see()});
  }
  if (kind == CLI::ExitCodes::ConversionError) {  // "Could not convert: --quiet = maybe"
    constexpr std::string_view head = "Could not convert: ";
    auto const equals = said.find(" = ");
    if (said.starts_with(head) && equals != said.npos) {
      auto const name = said.substr(head.size(), equals - head.size());
      auto const type = at.type_of(name);
      return ohmic::error({errc::config_value, "takes no such value", name, ohmic::in_quotes(said.substr(equals + 3)),
                           type.empty() ? "true, false, or no value" : type, at.see()});
    }
  }
  if (kind == CLI::ExitCodes::ExcludesError)  // "--a excludes --b"
    if (auto const word = said.find(" excludes "); word != said.npos)
      return ohmic::error({errc::config_conflict, "cannot be given together", said.substr(0, word),
                           said.substr(0, word) + " and " + said.substr(word + 10), "one of both", at.see()});
  // Its validators (command_line.cpp) say the rest behind the option's name.
  auto const colon = said.find(": ");
  return ohmic::error({errc::config_value, colon == said.npos ? said : said.substr(colon + 2),
                       colon == said.npos ? at.name : said.substr(0, colon), "", "", at.see()});
}

}  // namespace program_cli
