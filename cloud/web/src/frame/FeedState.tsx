/** Whether what we see is live, and how late it is. */
import { useEffect, useState } from "react";
import { useLocale } from "../i18n/locale";
import { useStore } from "../shared/store";
import { feeds } from "../state/feeds";
import { overview } from "../state/overview";

// A feed needs a moment to come up; before that it is not lost, only not yet there.
const GRACE_MS = 4000;

/** Seconds since one of the feeds has been lost; `null` while both speak or have just been opened. */
export function useSilence(): number | null {
  const { map, events } = useStore(feeds);
  const [quiet, setQuiet] = useState<{ since: number; seconds: number } | null>(null);
  const lost = [map, events].filter((feed) => !feed.live);
  const since = lost.length === 0 ? null : Math.min(...lost.map((feed) => feed.since));
  useEffect(() => {
    if (since === null) return undefined;
    const look = (): void => {
      const silence = performance.now() - since;
      if (silence > GRACE_MS) setQuiet({ since, seconds: Math.floor(silence / 1000) });
    };
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [since]);
  return quiet !== null && quiet.since === since ? quiet.seconds : null;
}

export function FeedState() {
  const { t, f } = useLocale();
  const silence = useSilence();
  const delay = useStore(overview)?.feed_delay_s;
  if (silence !== null) {
    return (
      <span className="feed feed-lost" role="status">
        <span className="feed-mark" aria-hidden="true" />
        {t("feed.lost")}
      </span>
    );
  }
  return (
    <span className="feed" role="status">
      <span className="feed-mark" aria-hidden="true" />
      {delay === null || delay === undefined ? t("feed.live") : t("feed.live_delay", { delay: f.number(delay, 1) })}
    </span>
  );
}
