/** Keeps a fault in its own part of the page: an operator who loses the map must not lose the alarms. */
import { Component, type ReactNode } from "react";
import { Problem } from "./Problem";
import { BrokenPart } from "./problemText";

interface ContainedProps {
  children: ReactNode;
}

export class Contained extends Component<ContainedProps, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  private readonly again = (): void => this.setState({ broken: false });

  override render(): ReactNode {
    return this.state.broken ? <Problem error={new BrokenPart()} again={this.again} /> : this.props.children;
  }
}
