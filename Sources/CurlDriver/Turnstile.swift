/// Decides whose turn it is: so many at once in all, so many to one origin, the others in order of arrival.
///
/// When places are short in all, origins are served in turn, so that one with a long line does not starve another.
struct Turnstile<Visitor: AnyObject> {
    /// What becomes of a visitor that arrives.
    enum Admission {
        case enters
        case waits
        case isRefused
    }

    private struct Line {
        var inside = 0
        var waiting: [Visitor] = []
        /// How many at the front of `waiting` have gone in already.
        var served = 0

        var length: Int { waiting.count - served }

        mutating func next() -> Visitor {
            defer {
                served += 1
                if served == waiting.count || served >= 1_024 {
                    waiting.removeFirst(served)
                    served = 0
                }
            }
            return waiting[served]
        }
    }

    private let places: Int
    private let placesPerOrigin: Int
    private let waitingLimit: Int
    private var lines: [String: Line] = [:]
    /// Origins at which somebody waits, in the order in which they are served.
    private var rotation: [String] = []
    private(set) var inside = 0
    private(set) var waiting = 0

    init(places: Int, placesPerOrigin: Int, waiting: Int) {
        self.places = max(1, places)
        self.placesPerOrigin = max(1, placesPerOrigin)
        waitingLimit = waiting
    }

    mutating func arrive(_ visitor: Visitor, at origin: String) -> Admission {
        var line = lines.removeValue(forKey: origin) ?? Line()
        defer { lines[origin] = line }
        if inside < places, line.inside < placesPerOrigin, line.length == 0 {
            line.inside += 1
            inside += 1
            return .enters
        }
        guard waiting < waitingLimit else { return .isRefused }
        if line.length == 0 { rotation.append(origin) }
        line.waiting.append(visitor)
        waiting += 1
        return .waits
    }

    /// Notes that somebody at `origin` has left; returns who goes in now.
    mutating func leave(_ origin: String) -> Visitor? {
        inside -= 1
        lines[origin]?.inside -= 1
        defer {
            if let line = lines[origin], line.inside == 0, line.length == 0 { lines[origin] = nil }
        }
        return admitNext()
    }

    /// Takes out those who wait and satisfy `condition`; returns them in no particular order.
    mutating func abandon(where condition: (Visitor) -> Bool) -> [Visitor] {
        var gone: [Visitor] = []
        for origin in rotation {
            guard var line = lines.removeValue(forKey: origin) else { continue }
            line.waiting.removeFirst(line.served)
            line.served = 0
            gone += line.waiting.filter(condition)
            line.waiting.removeAll(where: condition)
            if line.inside > 0 || line.length > 0 { lines[origin] = line }
        }
        rotation.removeAll { lines[$0].map { $0.length == 0 } ?? true }
        waiting -= gone.count
        return gone
    }

    private mutating func admitNext() -> Visitor? {
        guard inside < places else { return nil }
        for index in rotation.indices {
            let origin = rotation[index]
            guard var line = lines[origin], line.inside < placesPerOrigin else { continue }
            lines[origin] = nil
            let visitor = line.next()
            line.inside += 1
            inside += 1
            waiting -= 1
            rotation.remove(at: index)
            if line.length > 0 { rotation.append(origin) }
            lines[origin] = line
            return visitor
        }
        return nil
    }
}
