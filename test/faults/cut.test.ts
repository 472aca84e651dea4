import { cut } from './scenarios/cut.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(cut);
