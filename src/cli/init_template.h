// What `transom init` writes.
#pragma once
#include <string_view>

namespace transom::cli {

extern const std::string_view kTemplateConfig;
extern const std::string_view kTemplatePage;

}  // namespace transom::cli
