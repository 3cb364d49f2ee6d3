#include "serve/web/static_service.h"

#include "serve/web/directory_page.h"
#include "serve/web/file_answer.h"
#include "serve/web/files_at_hand.h"
#include "serve/web/mime_types.h"
#include "serve/web/static_root.h"
#include "wire/url.h"

namespace transom::serve {
namespace {

/// Up to this size a file is read at once, where it was opened: one trip to the thread pool instead of two.
constexpr std::uint64_t kReadAtOnce = 64 << 10;
constexpr const char* kIndex = "index.html";

/// What the work on the thread pool needs of a request.
struct Question {
  std::string path, rest, query;
  FileConditions conditions;

  bool well_known() const { return path.starts_with("/.well-known/") || path == "/.well-known"; }
  bool names_directory() const { return path.ends_with('/'); }
};

struct Answer {
  int status = 404;
  std::vector<Header> headers;
  std::string body;
  std::optional<FileRange> file;  // instead of `body`
};

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// The whole part of the file; nothing when it has become shorter.
std::optional<std::string> read_range(int fd, std::uint64_t offset, std::uint64_t length) {
  std::string content(static_cast<std::size_t>(length), '\0');
  std::size_t filled = 0;
  while (filled < content.size()) {
    const ssize_t count =
        ::pread(fd, content.data() + filled, content.size() - filled, static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::nullopt;
    filled += static_cast<std::size_t>(count);
  }
  return content;
}

void give(HttpExchange& exchange, Answer answer) {
  if (answer.file) return exchange.respond_file(answer.status, std::move(answer.headers), std::move(*answer.file));
  if (answer.status == 404) return respond_not_found(exchange);
  if (answer.status == 503)
    return respond_error(exchange, 503, "The server is too busy to open the file. Try again.", {{"Retry-After", "1"}});
  exchange.respond(answer.status, std::move(answer.headers), std::move(answer.body));
}

}  // namespace

/// The directory with its options; every function but `find_now` belongs on the thread pool.
struct StaticService::Files {
  StaticConfig config;
  StaticRoot root;
  mutable FilesAtHand at_hand;

  Files(const StaticConfig& c, const SiteContext& context) : config(c), root(c, context) {}

  /// The whole of a small file that was asked for a moment ago.
  std::shared_ptr<const PreparedAnswer> find_at_hand(const HttpRequest& request, std::string_view rest) const {
    if (!FileConditions::none_in(request)) return nullptr;
    return request.path.ends_with('/') ? at_hand.find(std::string(rest) + kIndex) : at_hand.find(rest);
  }

  /// The answer for a plain file that can be opened without blocking. Its body is left to who sends it.
  std::optional<Answer> find_now(const Question& question) const {
    const std::string name = question.names_directory() ? question.rest + kIndex : question.rest;
    auto opened = root.try_open(name, question.well_known());
    if (!opened) return std::nullopt;
    FileRange range;
    Answer answer = plan(question, name, *opened, range);
    if (answer.status == 200) at_hand.keep(name, root.directory() + "/" + name, *opened, answer.headers);
    range.fd = std::move(opened->fd);
    answer.file = std::move(range);
    return answer;
  }

  Answer find(const Question& question) const {
    if (question.names_directory()) {
      const std::string index = question.rest + kIndex;
      auto opened = root.open(index, question.well_known());
      if (opened && !opened->is_directory()) return file_answer(question, index, std::move(*opened));
    }
    auto opened = root.open(question.rest, question.well_known());
    if (!opened && opened.error() != 404) return {opened.error(), {}, {}, {}};
    if (opened && !opened->is_directory()) return file_answer(question, question.rest, std::move(*opened));
    if (opened && !question.names_directory()) return slash_redirect(question);
    if (opened && config.enable_directory_listing) return listing(question, *opened);
    return fallback(question);
  }

  /// A single page application answers every path that has no file.
  Answer fallback(const Question& question) const {
    if (config.default_file.empty()) return {};
    auto opened = root.open(config.default_file, false);
    if (!opened || opened->is_directory()) return {};
    return file_answer(question, config.default_file, std::move(*opened));
  }

  Answer slash_redirect(const Question& question) const {
    std::string location = wire::percent_encode_path(question.path) + "/";
    // Two slashes at the start would name another host.
    location.erase(0, location.find_first_not_of('/') - 1);
    if (!question.query.empty()) location += "?" + question.query;
    return {301, {{"Location", location}}, {}, {}};
  }

  Answer listing(const Question& question, const OpenedFile& directory) const {
    const auto names = root.list(directory, question.rest, question.well_known());
    return {200, html_page_headers(), directory_page(question.path, names), {}};
  }

  /// All of the answer but its body, which is `range` of the file.
  Answer plan(const Question& question, const std::string& name, const OpenedFile& file, FileRange& range) const {
    const FileFacts facts{static_cast<std::uint64_t>(file.facts.st_size), file.facts.st_mtim.tv_sec,
                          file.facts.st_mtim.tv_nsec};
    FileAnswer plan = answer_for_file(question.conditions, facts);
    Answer answer{plan.status, std::move(plan.headers), {}, {}};
    add_file_headers(answer, name);
    range.offset = plan.offset;
    range.length = plan.length;
    return answer;
  }

  Answer file_answer(const Question& question, const std::string& name, OpenedFile file) const {
    FileRange range;
    Answer answer = plan(question, name, file, range);
    range.fd = std::move(file.fd);
    if (range.length > kReadAtOnce || !question.conditions.is_get) {
      answer.file = std::move(range);
    } else if (auto content = read_range(range.fd.get(), range.offset, range.length)) {
      answer.body = std::move(*content);
    } else {
      return {503, {}, {}, {}};
    }
    return answer;
  }

  void add_file_headers(Answer& answer, const std::string& name) const {
    auto& headers = answer.headers;
    if (answer.status == 200 || answer.status == 206)
      headers.emplace_back("Content-Type", content_type(file_name(name), config.mime_types));
    if (config.cache_timeout_s)
      headers.emplace_back("Cache-Control", fmt::format("public, max-age={}", *config.cache_timeout_s));
    headers.emplace_back("Access-Control-Allow-Origin", "*");
    headers.emplace_back("X-Content-Type-Options", "nosniff");
    headers.emplace_back("Referrer-Policy", "strict-origin-when-cross-origin");
  }
};

StaticService::StaticService(const StaticConfig& config, const SiteContext& context)
    : files_(std::make_shared<const Files>(config, context)) {}

void StaticService::handle(std::shared_ptr<HttpExchange> exchange, std::string_view rest) {
  const HttpRequest& request = exchange->request();
  if (!request.is_get_or_head()) return respond_get_only(*exchange);
  if (const auto ready = files_->find_at_hand(request, rest)) return exchange->respond_prepared(*ready);
  Question question{request.path, std::string(rest), request.query, FileConditions::of(request)};
  if (auto answer = files_->find_now(question)) return give(*exchange, std::move(*answer));
  const auto answer = std::make_shared<Answer>();
  HttpExchange& on = *exchange;
  on.offload([files = files_, question = std::move(question), answer] { *answer = files->find(question); },
             [exchange = std::move(exchange), answer] { give(*exchange, std::move(*answer)); });
}

}  // namespace transom::serve
