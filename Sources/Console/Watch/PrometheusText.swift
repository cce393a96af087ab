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
        let labels: [(name: String, value: String)]
        let value: Double

        init(_ value: some BinaryInteger, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(Double(value), labels)
        }

        init(_ value: Double, _ labels: KeyValuePairs<String, String> = [:]) {
            self.init(value, labels: labels.map { ($0.key, $0.value) })
        }

        init(_ value: Double, labels: [(name: String, value: String)]) {
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
        lines(name, histogram, label: nil)
    }

    /// Writes histograms of durations, in seconds, that a label tells apart.
    mutating func histograms(
        _ name: String,
        _ help: String,
        by label: String,
        _ histograms: [(value: String, histogram: SchedulerGauges.Histogram)]
    ) {
        open(name, .histogram, help)
        for (value, histogram) in histograms { lines(name, histogram, label: (label, value)) }
    }

    private mutating func lines(
        _ name: String,
        _ histogram: SchedulerGauges.Histogram,
        label: (name: String, value: String)?
    ) {
        let labels = label.map { [$0] } ?? []
        var total = 0
        for (bound, count) in zip(SchedulerGauges.Histogram.bounds, histogram.counts) {
            total += count
            let limit = (name: "le", value: Self.number(bound.inSeconds))
            line(name + "_bucket", Sample(Double(total), labels: labels + [limit]))
        }
        line(
            name + "_bucket",
            Sample(Double(histogram.count), labels: labels + [(name: "le", value: "+Inf")])
        )
        line(name + "_sum", Sample(histogram.sum.inSeconds, labels: labels))
        line(name + "_count", Sample(Double(histogram.count), labels: labels))
    }

    private mutating func open(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ sample: Sample) {
        let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
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
