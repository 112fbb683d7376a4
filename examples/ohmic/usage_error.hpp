// What the command line's parser refuses, said as everything else is: what, where, got, allowed, what to do.
#pragma once

#include <CLI/CLI.hpp>  // parsing, help, and errors that name the option

#include "ohmic/core/error.hpp"

namespace program_cli {

/// The diagnosis of what CLI11 refused in parsing `app`. A word that no option has is named before an option that is missing: it is
/// most often that one, misspelt.
[[nodiscard]] ohmic::error usage_error(CLI::App const& app, CLI::ParseError const& e);

}  // namespace program_cli
