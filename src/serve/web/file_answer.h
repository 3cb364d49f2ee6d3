// What a conditional or range request for a file gets (RFC 9110 sections 13 and 14), without touching the file.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "serve/http.h"

namespace transom::serve {

/// The fields of a request that decide; copied, so that they can be read on another thread.
struct FileConditions {
  std::string if_match, if_unmodified_since, if_none_match, if_modified_since, if_range, range;
  bool is_get = true;

  static FileConditions of(const HttpRequest& request);
  /// Whether the whole file is asked for in any case.
  static bool none_in(const HttpRequest& request);
};

struct FileFacts {
  std::uint64_t size = 0;
  std::int64_t mtime_s = 0, mtime_ns = 0;

  /// Changes whenever size or time of modification (in nanoseconds) do: strong for all a file server can know.
  std::string etag() const;
};

/// 200, 206, 304, 412 or 416, the fields that go with it, and the part of the file that is its body.
struct FileAnswer {
  int status = 200;
  std::vector<Header> headers;  // ETag, Last-Modified, Accept-Ranges, Content-Range
  std::uint64_t offset = 0, length = 0;
};

/// One range is honoured; several, a bad one or one under a stale If-Range get the whole file.
FileAnswer answer_for_file(const FileConditions& conditions, const FileFacts& facts);

}  // namespace transom::serve
