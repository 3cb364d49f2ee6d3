// One core: a thread with its loop, its connections, its part of every realm.
#pragma once
#include <functional>

namespace transom::serve {

// The part of Core that the HTTP layer needs (the whole class follows in this header as it is built):
//   void offload(std::function<void()> work, std::function<void()> done);   // work on the thread pool, done on this core
//   std::int64_t unix_seconds();            // wall clock, cached per turn
//   const std::string& http_date();         // "Sat, 21 Nov 2026 22:16:00 GMT", cached per second
//   WebService* / site of a listener: class Site (serve/site.h) built per core from TransportConfig

}  // namespace transom::serve
