import PushEngine

/// Wakes those of this process who wait for work or for room, also when the cause is in another process.
struct RedisQueueBells: Sendable {
    let work = LaneBell()
    /// Rings when a lane holds less.
    let room = LaneBell()
    private let prefix: String
    private let consumer: String

    init(prefix: String, consumer: String) {
        self.prefix = prefix
        self.consumer = consumer
    }

    /// Where the scripts publish, each time their process and the lane, or `*` for all.
    var channels: [String] { [prefix + "work", prefix + "room"] }

    /// Rings for what other processes did; its own the process has rung for already.
    func hear(_ news: RedisListener.News) {
        switch news {
        case .gap:
            work.ring(Set(Lane.all))
            room.ring(Set(Lane.all))
        case .message(let channel, let text):
            let words = text.split(separator: " ")
            guard words.count == 2, words[0] != consumer else { return }
            let lanes = Lane(name: String(words[1])).map { [$0] } ?? Lane.all
            (channel == prefix + "work" ? work : room).ring(Set(lanes))
        }
    }
}
