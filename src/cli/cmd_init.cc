#include <filesystem>

#include "cli/cli_error.h"
#include "cli/commands.h"
#include "cli/init_template.h"
#include "cli/places.h"
#include "node/files/durable_file.h"

namespace transom::cli {
namespace {

namespace fs = std::filesystem;

struct NewPage {
  fs::path path;
  std::string_view content;
};

void refuse_to_overwrite(const std::vector<NewPage>& files) {
  for (const NewPage& file : files) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file.path, ignored))) {
      give_up("{} is there already and is not overwritten; choose another directory by --appdir, or move it away",
              file.path.string());
    }
  }
}

void write_all(const std::vector<NewPage>& files) {
  for (const NewPage& file : files) {
    std::error_code error;
    fs::create_directories(file.path.parent_path(), error);
    if (error) give_up("cannot create {}: {}", file.path.parent_path().string(), error.message());
    value_or_give_up(node::write_durably(file.path.string(), std::string(file.content), 0644));
    fmt::print("Wrote {}\n", file.path.string());
  }
}

}  // namespace

int run_init(Arguments& arguments) {
  std::optional<std::string> named;
  arguments.text("--appdir", named, "DIR", "Where to write (default: the current directory)");
  if (const auto code = arguments.parse()) return *code;
  const fs::path directory = (fs::path(current_directory()) / named.value_or("")).lexically_normal();
  const fs::path node_directory = directory / ".crossbar";
  refuse_to_overwrite({{node_directory / "config.yaml", ""}});
  const std::vector<NewPage> files = {{node_directory / "config.json", kTemplateConfig},
                                      {directory / "web" / "index.html", kTemplatePage}};
  refuse_to_overwrite(files);
  write_all(files);
  fmt::print("\nTo start your node, run 'transom start --cbdir {}'\nThen open http://localhost:8080/\n",
             shell_word(node_directory.string()));
  return 0;
}

}  // namespace transom::cli
