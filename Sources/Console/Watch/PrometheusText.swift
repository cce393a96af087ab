import Groundwork
import Scheduler

/// Writes metrics as Prometheus reads them: a family at a time, with its help and its type.
struct PrometheusText {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    /// One measured value and what tells it from the others of its family.
    struct Sample {
        let labels: KeyValuePairs<String, String>
        let value: Double

        init(_ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(Double(value), labels)
        }

        init(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
            self.value = value
            self.labels = labels
        }
    }

    private(set) var text = ""

    /// Writes a family; one without samples too, so that its name is known.
    mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        open(name, kind, help)
        for sample in samples { line(name, sample) }
    }

    /// Writes a histogram of durations, in seconds.
    mutating func histogram(_ name: String, _ help: String, _ histogram: SchedulerGauges.Histogram) {
        open(name, .histogram, help)
        var total = 0
        for (bound, count) in zip(SchedulerGauges.Histogram.bounds, histogram.counts) {
            total += count
            line(name + "_bucket", Sample(total, ["le": Self.number(bound.inSeconds)]))
        }
        line(name + "_bucket", Sample(histogram.count, ["le": "+Inf"]))
        line(name + "_sum", Sample(histogram.sum.inSeconds))
        line(name + "_count", Sample(histogram.count))
    }

    private mutating func open(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ sample: Sample) {
        let labels = sample.labels.map { "\($0.key)=\"\(Self.escaped($0.value, quotes: true))\"" }
        let shown = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        text += "\(name)\(shown) \(Self.number(sample.value))\n"
    }

    private static func number(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let safe = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? safe.replacing("\"", with: "\\\"") : safe
    }
}
