// packed_document.h - the tree of a YAML text that does not change, packed when the program is built: reading the
// catalog's text would be a third of a short run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/input/document.h"

namespace pensim {

// `text` is what `root` was read from.
std::string pack_document(const Node& root, std::string_view text);
// The tree, for messages as of the file `name`, if `packed` was made of this text; nothing if it was not, or is
// damaged.
std::optional<Node> unpack_document(std::string_view packed, std::string_view text, const std::string& name);

}  // namespace pensim
