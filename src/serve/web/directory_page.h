// The page that lists a directory.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace transom::serve {

/// `path` is the decoded path of the request and ends with '/'; directories in `names` do so, too.
std::string directory_page(std::string_view path, const std::vector<std::string>& names);

}  // namespace transom::serve
