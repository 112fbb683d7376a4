// What `ohmic verify` is asked.
#pragma once

#include <string>

#include "options.hpp"

namespace program_cli {

struct verify_options {
  std::string file;              ///< a result of --json
  std::string folder;            ///< that its command is run in; empty: the recorded one
  bool plugins_allowed = false;  ///< whose code runs
  bool threads_given = false;
  bool timeout_given = false;  ///< of isolated plugins
};

/// Errors  file_missing, file_format for what is no result; config_conflict where files have changed, or plugins would run;
///         write_failed where the command does not finish again
int verify(verify_options const&, common_options const&);

}  // namespace program_cli
