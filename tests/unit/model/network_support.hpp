// What the tests of config.json files share.
#pragma once

#include <string>

#include "ohmic/model/import/network.hpp"
#include "support/temporary_file.hpp"

namespace ohmic_test {

/// The network of a config.json with this text.
inline ohmic::model::network network_of(std::string const& text) {
  temporary_folder const folder;
  folder.write("config.json", text);
  return ohmic::model::read_network(folder.path());
}

}  // namespace ohmic_test
