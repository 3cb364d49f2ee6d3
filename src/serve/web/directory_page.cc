#include "serve/web/directory_page.h"

#include "serve/http.h"
#include "wire/url.h"

namespace transom::serve {

std::string directory_page(std::string_view path, const std::vector<std::string>& names) {
  std::string rows = path == "/" ? "" : "<li><a href=\"../\">../</a></li>\n";
  // "./" keeps a name like "javascript:x" from being read as a URL of its own.
  for (const std::string& name : names)
    rows += fmt::format("<li><a href=\"./{}\">{}</a></li>\n", wire::html_escape(wire::percent_encode_path(name)),
                        wire::html_escape(name));
  return html_page(fmt::format("Directory {}", path), "<ul>\n" + rows + "</ul>");
}

}  // namespace transom::serve
