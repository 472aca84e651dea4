import { restarts } from './scenarios/restarts.ts';
import { testScenario } from './support/test-scenario.ts';

testScenario(restarts);
