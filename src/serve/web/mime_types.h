// File extension -> media type.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace transom::serve {

/// The value of Content-Type for a file name: `extra` (".ext" -> type) first, then the built-in table, else
/// application/octet-stream. Types of text say that they are UTF-8, unless they name a charset themselves.
std::string content_type(std::string_view file_name, const std::map<std::string, std::string>& extra);

}  // namespace transom::serve
