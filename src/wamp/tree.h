// Values as nlohmann trees, for cold paths.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "wire/value_writer.h"

namespace transom::wamp {

/// Writes a whole tree as one value. Strings must be UTF-8.
void write_tree(const nlohmann::json& value, wire::ValueWriter& out);

}  // namespace transom::wamp
