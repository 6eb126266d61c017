import JSON
import LoRATestSupport
import Testing

@testable import LoRATraffic

/// Replays against a reference that shares nothing with the program.
@Suite struct ReplayTests {
  private func options(_ entry: JSONValue) throws -> ReplayOptions {
    let slots = Int(try #require(entry["slots"]?.int64))
    var options = ReplayOptions(maxLoRAs: slots, maxCPULoRAs: Int(try #require(entry["host"]?.int64)))
    options.policy = try #require(CachePolicy(rawValue: entry["policy"]?.string ?? ""))
    options.swapCost = .time(CostRange(0.04))
    options.loadCost = .time(CostRange(0.1))
    options.serviceTime = CostRange(try #require(entry["service"]?.double))
    options.blocksEngine = entry["blocking"] == .bool(true)
    return options
  }

  @Test func countsAndWaitsAreThoseOfTheReference() throws {
    let cases = try #require(try Fixtures.json("traffic/replays.json").array)
    #expect(cases.count >= 200)
    var cascades = 0
    var queued = 0
    for entry in cases {
      let trace = try Trace(reading: Fixtures.path("traffic/\(entry["trace"]?.string ?? "").jsonl"))
      let result = Replay.run(trace, try options(entry))
      let what = "\(entry["trace"] ?? "") \(entry["slots"] ?? "") \(entry["host"] ?? "") \(entry["policy"] ?? "")"
      for (key, value) in [
        ("requests", result.requests), ("gpu_hits", result.gpuHits), ("cpu_hits", result.cpuHits),
        ("evictions", result.evictions), ("cascade_evictions", result.cascadeEvictions), ("queued", result.queued),
      ] { #expect(entry[key]?.int64 == Int64(value), "\(what) \(entry["service"] ?? ""): \(key) is \(value)") }
      let waits = try #require(entry["wait_seconds"])
      for (key, value) in [
        ("p50", result.waitSeconds.p50), ("p90", result.waitSeconds.p90), ("p99", result.waitSeconds.p99),
        ("mean", result.waitSeconds.mean), ("max", result.waitSeconds.max),
      ] {
        let wanted = try #require(waits[key]?.double)
        #expect(abs(value - wanted) <= 1e-9 * max(1, wanted), "\(what): \(key) is \(value), expected \(wanted)")
      }
      cascades += result.cascadeEvictions
      queued += result.queued
    }
    #expect(cascades > 0 && queued > 0)
  }

  /// The ranked model with the rank of the last use is LRU, too, and must agree with the slot cache on everything.
  @Test func theTwoModelsAgreeOnLRU() throws {
    var traffic = Traffic(names: Traffic.names(30), rate: 20, duration: 300)
    traffic.seed = 5
    let trace = try traffic.trace()
    for (slots, host) in [(1, 1), (3, 4), (8, 8), (8, 20), (30, 30), (16, 17)] {
      let options = ReplayOptions(maxLoRAs: slots, maxCPULoRAs: host)
      var ordered = OrderedCache(options, popularity: trace.popularity)
      var ranked = RankedCache(
        slots: slots, hostCapacity: host, policy: .lru, bytes: [Double](repeating: 1, count: 30))
      for adapter in trace.adapters {
        let accesses = (ordered.access(Int(adapter), nextUse: 0), ranked.access(Int(adapter), nextUse: 0))
        let left = try #require(accesses.0)
        let right = try #require(accesses.1)
        #expect(left.deviceHit == right.deviceHit && left.hostHit == right.hostHit)
        #expect(left.evicted == right.evicted && left.dropped == right.dropped && left.cascaded == right.cascaded)
      }
    }
  }

  @Test func noPolicyBeatsTheOptimum() throws {
    for seed in 0..<6 as Range<UInt64> {
      var traffic = Traffic(names: Traffic.names(25), rate: 10, duration: 200)
      traffic.seed = seed
      traffic.popularity = seed % 2 == 0 ? .zipf(0.9) : .uniform
      let trace = try traffic.trace()
      var options = ReplayOptions(maxLoRAs: 6, maxCPULoRAs: 25)
      options.pinned = 3
      let results = ReplaySweep.policies(trace, options)
      let best = try #require(results.first { $0.options.policy == .optimal })
      for result in results { #expect(result.gpuHits <= best.gpuHits, "\(result.options.policy)") }
      #expect(results.count == CachePolicy.allCases.count)
    }
  }

  @Test func moreSlotsNeverHitLessAndTheRecommendationHolds() throws {
    var traffic = Traffic(names: Traffic.names(40), rate: 10, duration: 600)
    traffic.seed = 3
    let trace = try traffic.trace()
    let sweep = ReplaySweep(
      trace, ReplayOptions(maxLoRAs: 1, maxCPULoRAs: 64), maxLoRAs: Array(1...40), maxCPULoRAs: [64])
    let hits = sweep.results.map(\.gpuHits)
    #expect(zip(hits, hits.dropFirst()).allSatisfy { $0 <= $1 })
    let knee = try #require(sweep.knee)
    #expect((2..<40).contains(knee))
    let slots = Replay.recommendedSlots(trace)
    func late(_ slots: Int) -> Int { sweep.results[slots - 1].gpuMisses - sweep.results[slots - 1].distinctAdapters }
    #expect(late(slots) * 100 <= trace.count)
    #expect(slots == 1 || late(slots - 1) * 100 > trace.count)
  }

  @Test func theOldestCaseOfThrashing() throws {
    let trace = try Trace(reading: Fixtures.path("traffic/round-robin.jsonl"))
    var options = ReplayOptions(maxLoRAs: 5, maxCPULoRAs: 8)
    options.window = 2
    let five = Replay.run(trace, options)
    #expect(five.gpuHits == 0 && five.evictions == 115 && five.earlyReturns == 114)
    #expect(five.thrashingWindows == Array(0..<6))
    options.maxLoRAs = 6
    let six = Replay.run(trace, options)
    #expect(six.gpuMisses == 6 && six.evictions == 0 && six.thrashingWindows.isEmpty)
  }

  @Test func bytesAndBandwidthsGiveTimes() throws {
    let trace = try Trace(reading: Fixtures.path("traffic/one.jsonl"))
    var options = ReplayOptions(maxLoRAs: 1, maxCPULoRAs: 1)
    options.adapterBytes = [100_000_000]
    options.swapCost = .bandwidth(25_000_000_000)
    options.loadCost = .bandwidth(2_000_000_000)
    let result = Replay.run(trace, options)
    #expect(abs(result.swapSeconds.max - 0.004) < 1e-12)
    #expect(abs(result.loadSeconds.max - 0.05) < 1e-12)
    #expect(abs(result.waitSeconds.p50 - 0.054) < 1e-12)
    #expect(result.requests == 7 && result.gpuHits == 6 && result.duration == 0)
  }

  /// Distances by one pass are those that an LRU of each size finds, also when their positions run out.
  @Test(arguments: [1, 3, 40, 700]) func stackDistancesAreThoseOfAnLRU(_ adapters: Int) throws {
    var traffic = Traffic(names: Traffic.names(adapters), rate: 100, duration: 60)
    traffic.popularity = adapters % 2 == 0 ? .zipf(0.8) : .uniform
    let trace = try traffic.trace()
    var stack = StackDistances(adapters: adapters, distinct: adapters)
    let distances = trace.adapters.map { stack.use(Int($0)) }
    for slots in Set([1, 2, adapters / 3, adapters - 1, adapters]) where slots > 0 {
      var cache = OrderedCache(
        ReplayOptions(maxLoRAs: slots, maxCPULoRAs: adapters), popularity: [Int](repeating: 0, count: adapters))
      let hits = trace.adapters.map { cache.access(Int($0), nextUse: 0)?.deviceHit }
      #expect(hits == distances.map { $0.map { $0 <= slots } ?? false })
    }
  }

  @Test func quantilesAreThoseOfSortedNumbers() {
    var random = SeededGenerator(seed: 1)
    for count in [1, 2, 3, 10, 99, 100, 101, 5000] {
      for kinds in [1, 2, 10, 1 << 20] as [UInt64] {
        for zeros in [0, 1, count, 20 * count] {
          let values = (0..<count).map { _ in Double(random.next() % kinds + 1) / 8 }
          for values in [values, values.sorted(), values.sorted(by: >)] {
            let all = ([Double](repeating: 0, count: zeros) + values).sorted()
            let found = Distribution(values, zeros: zeros)
            func rank(_ percent: Int) -> Double { all[(all.count * percent + 99) / 100 - 1] }
            #expect(found.p50 == rank(50) && found.p90 == rank(90) && found.p99 == rank(99) && found.max == all.last)
          }
        }
      }
    }
  }

  @Test func quantilesAreNearestRanks() {
    let values = Distribution([3, 1, 2], zeros: 97)
    #expect(values.p50 == 0 && values.p90 == 0 && values.p99 == 2 && values.max == 3 && values.mean == 0.06)
    #expect(Distribution([]).p99 == 0)
    #expect(Distribution([4]).p50 == 4)
  }
}
